<?php

namespace heed\forum\cron;

use heed\forum\outbox;

class send extends \phpbb\cron\task\base
{
	private $config;
	private $outbox;

	public function __construct(\phpbb\config\config $config, outbox $outbox)
	{
		$this->config = $config;
		$this->outbox = $outbox;
	}

	public function is_runnable()
	{
		return !empty($this->config['heed_url']);
	}

	public function should_run()
	{
		return $this->config['heed_tried_at'] < time() - 10 && $this->outbox->waits();
	}

	public function run()
	{
		$this->config->set('heed_tried_at', time(), false);
		$this->outbox->send();
	}
}
