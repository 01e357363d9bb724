<?php

namespace heed\forum\migrations;

class first extends \phpbb\db\migration\migration
{
	public static function depends_on()
	{
		return ['\phpbb\db\migration\data\v330\v330'];
	}

	public function update_schema()
	{
		return ['add_tables' => [$this->table_prefix . 'heed_posts' => [
			'COLUMNS' => [
				'post_id' => ['UINT', 0],
				'revision' => ['UINT', 0],
				'sent' => ['BOOL', 0],
				'hidden' => ['BOOL', 0],
				'deleted_at' => ['TIMESTAMP', 0],
			],
			'PRIMARY_KEY' => 'post_id',
			'KEYS' => ['sent' => ['INDEX', 'sent']],
		]]];
	}

	public function revert_schema()
	{
		return ['drop_tables' => [$this->table_prefix . 'heed_posts']];
	}

	public function update_data()
	{
		return [['config.add', ['heed_tried_at', 0, true]]];
	}
}
