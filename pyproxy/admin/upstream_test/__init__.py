"""The way to one upstream, walked step by step: ``walk`` goes it, the others are its steps."""
