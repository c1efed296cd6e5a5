"""What a call costs the stream service and how a caller feels it, beside a Pipecat server under the same load."""
