<?php

namespace Heed\Flarum;

use Flarum\Foundation\{Config, DispatchEventsTrait};
use Flarum\Post\CommentPost;
use Illuminate\Contracts\Events\Dispatcher;
use Illuminate\Database\ConnectionInterface;
use Laminas\Diactoros\Response\EmptyResponse;
use Psr\Http\Message\{ResponseInterface, ServerRequestInterface};
use Psr\Http\Server\RequestHandlerInterface;

/** What Heed tells the forum: verified, then carried out. */
class Callback implements RequestHandlerInterface
{
    use DispatchEventsTrait;

    public function __construct(protected Dispatcher $events, private ConnectionInterface $db, private Config $config)
    {
    }

    public function handle(ServerRequestInterface $request): ResponseInterface
    {
        $body = (string) $request->getBody();
        $headers = array_map(fn($name) => $request->getHeaderLine("webhook-$name"), ['id', 'timestamp', 'signature']);
        if (!Signature::holds($this->config['heed.callback_secret'], ...[...$headers, $body])) return new EmptyResponse(401);
        $event = json_decode($body, true);
        if ($event['type'] !== 'post.care') $this->carryOut($event['data']);
        return new EmptyResponse(204);
    }

    private function carryOut(array $data): void
    {
        $post = CommentPost::find($data['external_id']);
        $revision = $this->db->table('heed_posts')->where('id', $data['external_id'])->value('revision');
        // Gone, or of older words: the newer ones get a verdict of their own.
        if (!$post || $data['revision'] !== (int) $revision) return;
        $hide = in_array($data['action'], ['hold', 'remove']);
        if ($hide) $post->hide();
        // What a person hid stays hidden.
        elseif ($post->hidden_at && !$post->hidden_user_id) $post->restore();
        $post->save();
        $this->dispatchEventsFor($post);
    }
}
