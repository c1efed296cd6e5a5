"""The message queues of the AWS emulator."""
