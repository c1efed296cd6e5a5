"""What the platform is made of that others wrote: the locks, known vulnerabilities, licences, bills of materials."""
