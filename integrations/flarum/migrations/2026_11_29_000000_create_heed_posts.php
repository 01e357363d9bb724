<?php

use Flarum\Database\Migration;
use Illuminate\Database\Schema\Blueprint;

return Migration::createTable('heed_posts', function (Blueprint $table) {
    $table->unsignedInteger('id')->primary();
    $table->unsignedInteger('revision')->default(0);
    $table->dateTime('deleted_at')->nullable();
    $table->boolean('sent')->default(false);
});
