<?php

namespace heed\forum;

/** What Heed has to hear of: noted with the post, sent by cron, so that nobody who posts waits for Heed. */
class outbox
{
	private $config;
	private $db;
	private $text;
	private $table;

	public function __construct(\phpbb\config\config $config, \phpbb\db\driver\driver_interface $db, \phpbb\textformatter\utils_interface $text, $table)
	{
		$this->config = $config;
		$this->db = $db;
		$this->text = $text;
		$this->table = $table;
	}

	public function note($post_id, $deleted_at)
	{
		$id = (int) $post_id;
		$this->db->sql_query("UPDATE {$this->table} SET revision = revision + 1, sent = 0, deleted_at = " . (int) $deleted_at . " WHERE post_id = $id");
		if (!$this->db->sql_affectedrows())
		{
			$row = ['post_id' => $id, 'revision' => 1, 'sent' => 0, 'hidden' => 0, 'deleted_at' => (int) $deleted_at];
			$this->db->sql_query("INSERT INTO {$this->table} " . $this->db->sql_build_array('INSERT', $row));
		}
	}

	/** The newest revision of the post, and whether Heed had it hidden. */
	public function known($post_id)
	{
		$rows = $this->rows("SELECT revision, hidden FROM {$this->table} WHERE post_id = " . (int) $post_id, 1);
		return $rows ? [(int) $rows[0]['revision'], (bool) $rows[0]['hidden']] : [0, false];
	}

	public function set_hidden($post_id, $hidden)
	{
		$this->db->sql_query("UPDATE {$this->table} SET hidden = " . (int) $hidden . ' WHERE post_id = ' . (int) $post_id);
	}

	public function waits()
	{
		return (bool) $this->rows("SELECT post_id FROM {$this->table} WHERE sent = 0", 1);
	}

	/** Send what waits; what Heed can't take now stays. */
	public function send()
	{
		foreach ($this->rows("SELECT * FROM {$this->table} WHERE sent = 0 ORDER BY post_id", 100) as $row)
		{
			$document = $row['deleted_at'] ? $this->deletion($row) : $this->submission($row);
			$status = $document ? $this->post($row['deleted_at'] ? '/v1/events' : '/v1/posts', $row, $document) : 200;
			if ($status == 429 || $status >= 500)
			{
				return;
			}
			// 409: edited while it was read here; its event counts the revision in a moment.
			if ($status != 409)
			{
				$this->db->sql_query("UPDATE {$this->table} SET sent = 1 WHERE post_id = {$row['post_id']} AND revision = {$row['revision']}");
			}
		}
	}

	private function deletion(array $row)
	{
		return ['type' => 'post.deleted', 'timestamp' => gmdate('Y-m-d\TH:i:s\Z', $row['deleted_at']), 'data' => ['id' => (string) $row['post_id']]];
	}

	private function submission(array $row)
	{
		$rows = $this->rows('SELECT p.*, t.topic_first_post_id, t.topic_title FROM ' . POSTS_TABLE . ' p, ' . TOPICS_TABLE . ' t
			WHERE t.topic_id = p.topic_id AND p.post_id = ' . (int) $row['post_id'], 1);
		if (!$rows)
		{
			return null;
		}
		$post = $rows[0];
		return [
			'id' => (string) $post['post_id'], 'revision' => (int) $row['revision'], 'body' => $this->text->unparse($post['post_text']), 'format' => 'bbcode',
			'title' => $post['topic_first_post_id'] == $post['post_id'] ? htmlspecialchars_decode($post['topic_title'], ENT_COMPAT) : '',
			'author' => (string) $post['poster_id'], 'board' => (string) $post['forum_id'], 'thread' => (string) $post['topic_id'],
			'url' => generate_board_url() . "/viewtopic.php?p={$post['post_id']}#p{$post['post_id']}",
		];
	}

	private function post($path, array $row, array $document)
	{
		[$body, $id, $seconds] = [json_encode($document), "msg_{$row['post_id']}_{$row['revision']}", (string) time()];
		$signature = signature::of($this->config['heed_webhook_secret'], $id, $seconds, $body);
		$headers = ['Content-Type: application/json', "X-Heed-Forum: {$this->config['heed_forum']}", "webhook-id: $id",
			"webhook-timestamp: $seconds", "webhook-signature: $signature"];
		$http = ['method' => 'POST', 'header' => $headers, 'content' => $body, 'ignore_errors' => true, 'timeout' => 10];
		$answer = @file_get_contents($this->config['heed_url'] . $path, false, stream_context_create(['http' => $http]));
		return $answer === false ? 503 : (int) explode(' ', $http_response_header[0])[1];
	}

	private function rows($sql, $most)
	{
		$result = $this->db->sql_query_limit($sql, $most);
		$rows = $this->db->sql_fetchrowset($result);
		$this->db->sql_freeresult($result);
		return $rows;
	}
}
