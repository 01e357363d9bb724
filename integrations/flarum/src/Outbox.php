<?php

namespace Heed\Flarum;

use Flarum\Foundation\Config;
use Flarum\Post\CommentPost;
use Flarum\Post\Event\{Deleted, Posted, Revised};
use Illuminate\Database\ConnectionInterface;

/** What Heed has to hear of: noted with the post, sent by `php flarum heed:send`, so that nobody who posts waits for Heed. */
class Outbox
{
    public function __construct(private ConnectionInterface $db, private Config $config)
    {
    }

    public function changed(Posted|Revised $event): void
    {
        if (!$event->post instanceof CommentPost || $event->post->is_private) return;
        $this->note($event->post->id, null);
    }

    public function deleted(Deleted $event): void
    {
        $this->note($event->post->id, gmdate('Y-m-d H:i:s'));
    }

    private function note(int $id, ?string $deletedAt): void
    {
        $this->db->table('heed_posts')->insertOrIgnore(['id' => $id]);
        $this->db->table('heed_posts')->where('id', $id)->increment('revision', 1, ['sent' => false, 'deleted_at' => $deletedAt]);
    }

    /** Send what waits; what Heed can't take now stays. Returns how many posts Heed refused for good. */
    public function send(): int
    {
        $refused = 0;
        foreach ($this->db->table('heed_posts')->where('sent', false)->orderBy('id')->limit(500)->get() as $row) {
            $post = CommentPost::find($row->id);
            if (!$post && !$row->deleted_at) continue;
            $status = $row->deleted_at ? $this->post('/v1/events', $row, $this->deletion($row)) : $this->post('/v1/posts', $row, $this->submission($row, $post));
            if ($status === 429 || $status >= 500) break;
            // 409: edited while it was read here; its event counts the revision in a moment.
            if ($status === 409) continue;
            $refused += $status >= 300;
            $this->db->table('heed_posts')->where('id', $row->id)->where('revision', $row->revision)->update(['sent' => true]);
        }
        return $refused;
    }

    private function deletion(object $row): array
    {
        return ['type' => 'post.deleted', 'timestamp' => str_replace(' ', 'T', $row->deleted_at) . 'Z', 'data' => ['id' => (string) $row->id]];
    }

    private function submission(object $row, CommentPost $post): array
    {
        return [
            'id' => (string) $post->id, 'revision' => (int) $row->revision, 'body' => (string) $post->content, 'format' => 'markdown',
            'title' => (int) $post->number === 1 ? (string) $post->discussion->title : '', 'author' => (string) $post->user_id,
            'thread' => (string) $post->discussion_id, 'url' => $this->config->url() . "/d/{$post->discussion_id}/{$post->number}",
        ];
    }

    private function post(string $path, object $row, array $document): int
    {
        [$body, $id, $seconds] = [json_encode($document), "msg_{$row->id}_{$row->revision}", (string) time()];
        $signature = Signature::of($this->config['heed.webhook_secret'], $id, $seconds, $body);
        $headers = ['Content-Type: application/json', 'X-Heed-Forum: ' . $this->config['heed.forum'], "webhook-id: $id",
            "webhook-timestamp: $seconds", "webhook-signature: $signature"];
        $http = ['method' => 'POST', 'header' => $headers, 'content' => $body, 'ignore_errors' => true, 'timeout' => 10];
        $answer = @file_get_contents($this->config['heed.url'] . $path, false, stream_context_create(['http' => $http]));
        return $answer === false ? 503 : (int) explode(' ', $http_response_header[0])[1];
    }
}
