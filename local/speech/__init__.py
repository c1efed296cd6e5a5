"""Speech for voice notes on this machine: OpenAI's audio interface over the engines that hear and speak in calls."""
