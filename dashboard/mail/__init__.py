"""Mail: what is sent to whom, the queue in which it waits, and the server it is handed to."""
