"""What Heed is compared with: the same job as a developer would do it first, by the documentation of its parts."""
