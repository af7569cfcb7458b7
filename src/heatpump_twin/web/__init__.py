"""Web ports that neither hostile nor broken clients can take from others, or from the twin."""
