<?php

namespace heed\forum\controller;

use heed\forum\{outbox, signature};
use Symfony\Component\HttpFoundation\Response;

/** What Heed tells the board: verified, then carried out. */
class callback
{
	private $config;
	private $visibility;
	private $db;
	private $outbox;
	private $request;

	public function __construct(\phpbb\config\config $config, \phpbb\content_visibility $visibility, \phpbb\db\driver\driver_interface $db, outbox $outbox, \phpbb\request\request_interface $request)
	{
		$this->config = $config;
		$this->visibility = $visibility;
		$this->db = $db;
		$this->outbox = $outbox;
		$this->request = $request;
	}

	public function handle()
	{
		$body = file_get_contents('php://input');
		$header = function ($name) { return $this->request->header("webhook-$name", ''); };
		if (!signature::holds($this->config['heed_callback_secret'], $header('id'), $header('timestamp'), $header('signature'), $body))
		{
			return new Response('', 401);
		}
		$event = json_decode($body, true);
		if ($event['type'] !== 'post.care')
		{
			$this->carry_out($event['data']);
		}
		return new Response('', 204);
	}

	private function carry_out(array $data)
	{
		[$revision, $hidden] = $this->outbox->known($data['external_id']);
		// Of older words: the newer ones get a verdict of their own.
		if ($data['revision'] !== $revision)
		{
			return;
		}
		$result = $this->db->sql_query_limit('SELECT p.*, t.topic_first_post_id, t.topic_last_post_id FROM ' . POSTS_TABLE . ' p, ' . TOPICS_TABLE . ' t
			WHERE t.topic_id = p.topic_id AND p.post_id = ' . (int) $data['external_id'], 1);
		$post = $this->db->sql_fetchrow($result);
		$this->db->sql_freeresult($result);
		$hide = in_array($data['action'], ['hold', 'remove']);
		$shown = $post && $post['post_visibility'] == ITEM_APPROVED;
		// What Heed holds stands in phpBB's own queue too; what phpBB or a person hid stays hidden.
		if (!$post || ($hide ? !$shown : !$hidden || $post['post_visibility'] != ITEM_REAPPROVE))
		{
			return;
		}
		$this->visibility->set_post_visibility($hide ? ITEM_REAPPROVE : ITEM_APPROVED, $post['post_id'], $post['topic_id'], $post['forum_id'],
			ANONYMOUS, time(), '', $post['topic_first_post_id'] == $post['post_id'], $post['topic_last_post_id'] == $post['post_id']);
		$this->outbox->set_hidden($post['post_id'], $hide);
	}
}
