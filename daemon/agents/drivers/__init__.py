"""Programs of ours that run inside the view and do the talking: they print a result as any agent's program does.

A driver that could not do its work exits 1 and prints ``{"failure": KIND, "detail": "...", "usage": {...}}``.
"""
