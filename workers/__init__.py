"""What happens meanwhile: RQ jobs that read and deliver, the sweeper, the supervisor, the `heed` command."""
