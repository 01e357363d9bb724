<?php

use Flarum\Extend;
use Flarum\Post\Event\{Deleted, Posted, Revised};
use Heed\Flarum\{Callback, Outbox, Send};

return [
    (new Extend\Event())
        ->listen(Posted::class, [Outbox::class, 'changed'])
        ->listen(Revised::class, [Outbox::class, 'changed'])
        ->listen(Deleted::class, [Outbox::class, 'deleted']),
    (new Extend\Console())->command(Send::class)->schedule(Send::class, fn($event) => $event->everyMinute()->withoutOverlapping()),
    (new Extend\Routes('api'))->post('/heed', 'heed.callback', Callback::class),
    (new Extend\Csrf())->exemptRoute('heed.callback'),
];
