"""Asking museums for what they publish, politely: paced, bounded, and never anywhere a stranger's file points to.

`addresses` says where may be connected to, `connections` does, `pace` says when, `client` asks once, `patience` asks
again, `download` brings a picture as a file, `records` a JSON document, `walk` a paged API, whose `answers` are kept
for a while. None of them knows the database.

What is asked are the interfaces that museums publish for programs (object records, searches, IIIF image services), so
their robots.txt, which is about pages for people, is not read; the rate is what is kept to.
"""
