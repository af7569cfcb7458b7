"""The operators' web pages: an OPC UA client that knows the endpoint, and nothing else of ours."""
