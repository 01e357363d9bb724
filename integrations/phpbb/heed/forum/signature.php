<?php

namespace heed\forum;

/** Standard Webhooks: the id, the time in seconds and the raw body, by the secret's own bytes. */
class signature
{
	public static function of($secret, $id, $seconds, $body)
	{
		$key = base64_decode(str_replace('whsec_', '', $secret));
		return 'v1,' . base64_encode(hash_hmac('sha256', "$id.$seconds.$body", $key, true));
	}

	/** Whether one of the signatures that were sent is by the secret, and of this moment. */
	public static function holds($secret, $id, $seconds, $sent, $body)
	{
		$right = self::of($secret, $id, $seconds, $body);
		$signed = array_filter(explode(' ', $sent), function ($each) use ($right) { return hash_equals($right, $each); });
		return $signed && abs(time() - (int) $seconds) < 300;
	}
}
