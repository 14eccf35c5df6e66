"""What a relying party asks for beyond genuineness: a policy for one document, composed of several, ready-made or from a file."""
