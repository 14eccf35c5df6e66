"""Kinds of documents, one TOML file each, and what reads, describes and judges them; `certs/catalogue.py` is the way in."""
