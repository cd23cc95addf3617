"""A photo sent in chat, from its receipt to its answer: kept, judged, filed where it belongs, told of (4.2.2, 7.2)."""
