<?php

namespace Heed\Flarum;

use Flarum\Console\AbstractCommand;

class Send extends AbstractCommand
{
    public function __construct(private Outbox $outbox)
    {
        parent::__construct();
    }

    protected function configure(): void
    {
        $this->setName('heed:send')->setDescription('Send Heed the posts that it has not got yet');
    }

    protected function fire(): int
    {
        $refused = $this->outbox->send();
        if ($refused) $this->error("Heed refused $refused posts. Its answers say why: try one with curl.");
        return $refused ? 1 : 0;
    }
}
