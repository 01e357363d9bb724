<?php

namespace Heed\Flarum;

/** Standard Webhooks: the id, the time in seconds and the raw body, by the secret's own bytes. */
class Signature
{
    public static function of(string $secret, string $id, string $seconds, string $body): string
    {
        $key = base64_decode(str_replace('whsec_', '', $secret));
        return 'v1,' . base64_encode(hash_hmac('sha256', "$id.$seconds.$body", $key, true));
    }

    /** Whether one of the signatures that were sent is by the secret, and of this moment. */
    public static function holds(string $secret, string $id, string $seconds, string $sent, string $body): bool
    {
        $right = self::of($secret, $id, $seconds, $body);
        $signed = array_filter(explode(' ', $sent), fn($each) => hash_equals($right, $each));
        return $signed && abs(time() - (int) $seconds) < 300;
    }
}
