<?php

namespace heed\forum\event;

use heed\forum\outbox;
use Symfony\Component\EventDispatcher\EventSubscriberInterface;

class listener implements EventSubscriberInterface
{
	private $outbox;

	public function __construct(outbox $outbox)
	{
		$this->outbox = $outbox;
	}

	public static function getSubscribedEvents()
	{
		return [
			'core.submit_post_end' => 'changed',
			'core.delete_post_after' => 'deleted',
		];
	}

	public function changed($event)
	{
		$this->outbox->note($event['data']['post_id'], 0);
	}

	public function deleted($event)
	{
		$this->outbox->note($event['post_id'], time());
	}
}
