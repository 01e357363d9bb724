<?php
// A small forum with Heed, in PHP: php -S 127.0.0.1:8080 forum.php, and beside it, by cron each minute, php forum.php.
// Your own has its database in place of the file, its mailer in place of tell().

// Hand the forum's state to $change, and keep what comes back; nobody else has it meanwhile.
function with_state(callable $change): mixed {
    $file = fopen(getenv('FORUM_FILE'), 'c+');
    flock($file, LOCK_EX);
    $state = json_decode(stream_get_contents($file), true) ?? ['posts' => [], 'heard' => []];
    $result = $change($state);
    ftruncate($file, 0);
    rewind($file);
    fwrite($file, json_encode($state));
    fclose($file);
    return $result;
}

// A new post is shown at once; an edited one stays hidden if it was, until Heed has read the new words.
function save(array &$state, string $id, string $text, string $author): void {
    $before = $state['posts'][$id] ?? ['revision' => 0, 'shown' => true];
    $state['posts'][$id] = ['text' => $text, 'shows' => $text, 'author' => $author, 'sent' => false,
        'shown' => $before['shown'], 'revision' => $before['revision'] + 1];
}

// Standard Webhooks: the id, the time in seconds and the raw body, by the secret's own bytes.
function sign(string $secret, string $id, string $seconds, string $body): string {
    $key = base64_decode(str_replace('whsec_', '', $secret));
    return 'v1,' . base64_encode(hash_hmac('sha256', "$id.$seconds.$body", $key, true));
}

function is_heeds(string $body): bool {
    [$id, $seconds, $sent] = array_map(fn($name) => $_SERVER["HTTP_WEBHOOK_$name"] ?? '', ['ID', 'TIMESTAMP', 'SIGNATURE']);
    $right = sign(getenv('HEED_CALLBACK_SECRET'), $id, $seconds, $body);
    $signed = array_filter(explode(' ', $sent), fn($each) => hash_equals($right, $each));
    return $signed && abs(time() - (int) $seconds) < 300;
}

// Posts that Heed has not got yet; while it is down they wait here.
function send_what_waits(): void {
    foreach (with_state(fn($state) => $state['posts']) as $id => $post) {
        if ($post['sent']) continue;
        $body = json_encode(['id' => (string) $id, 'revision' => $post['revision'], 'body' => $post['text'], 'author' => $post['author']]);
        [$message, $seconds] = ["msg_{$id}_{$post['revision']}", (string) time()];
        $headers = ['Content-Type: application/json', 'X-Heed-Forum: ' . getenv('HEED_FORUM'), "webhook-id: $message",
            "webhook-timestamp: $seconds", 'webhook-signature: ' . sign(getenv('HEED_WEBHOOK_SECRET'), $message, $seconds, $body)];
        $http = ['method' => 'POST', 'header' => $headers, 'content' => $body, 'ignore_errors' => true, 'timeout' => 10];
        $answer = @file_get_contents(getenv('HEED_URL') . '/v1/posts', false, stream_context_create(['http' => $http]));
        $status = $answer === false ? 503 : (int) explode(' ', $http_response_header[0])[1];
        if ($status === 429 || $status >= 500) return;
        if ($status >= 300) echo "Heed refused post $id: $answer\n";
        with_state(function (&$state) use ($id, $post) {
            if ($state['posts'][$id]['revision'] === $post['revision']) $state['posts'][$id]['sent'] = true;
        });
    }
}

function carry_out(array &$state, array $event): void {
    $data = $event['data'];
    // Gone, or of older words: the newer ones get a verdict of their own.
    if ($data['revision'] !== ($state['posts'][$data['external_id']]['revision'] ?? 0)) return;
    $post = &$state['posts'][$data['external_id']];
    if ($event['type'] !== 'post.care') {
        $post['shown'] = !in_array($data['action'], ['hold', 'remove']);
        $post['shows'] = $data['body'] ?? $post['shows'];
    }
    $lines = array_map(fn($each) => "{$each['name']}: {$each['contact']}", $data['crisis_resources']);
    foreach (array_filter([$data['message'], ...$lines]) as $words) tell($post['author'], $words);
}

function tell(string $author, string $words): void {
    error_log("To $author: $words");
}

function answer(array &$state, string $path, string $body): int {
    $id = substr($path, strlen('/posts/'));
    if ($_SERVER['REQUEST_METHOD'] === 'GET') {
        $post = $state['posts'][$id] ?? null;
        echo $post && $post['shown'] ? $post['shows'] : '';
        return $post ? 200 : 404;
    }
    if ($path !== '/heed') {
        save($state, $id, ...json_decode($body, true));
        return 201;
    }
    if (!is_heeds($body)) return 401;
    if (!isset($state['heard'][$_SERVER['HTTP_WEBHOOK_ID']])) carry_out($state, json_decode($body, true));
    $state['heard'][$_SERVER['HTTP_WEBHOOK_ID']] = true;
    return 204;
}

if (PHP_SAPI === 'cli') {
    send_what_waits();
} else {
    http_response_code(with_state(fn(&$state) => answer($state, $_SERVER['REQUEST_URI'], file_get_contents('php://input'))));
}
