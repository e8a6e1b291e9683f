"""`r2r serve`: films, paintings and what the catalogue says of them, for a browser.

    serving.py    what the command was told          site.py     what every request works with
    app.py        routes and layers                  guard.py    who may ask, and what a browser may do with answers
    sessions.py   the token, the cookie, the limit   forms.py    what comes in: bounded, and with the page's token
    keeper.py     this machine's worker, kept alive  intakes.py  films that are being looked into
    measuring.py  a dropped picture, measured        kept.py     pages that cost much, made once
    routes/       a module for each kind of page

Requests run in threads, each with a connection of a bounded pool. Nothing is loaded from another host, and no page has
a script or a style in it: the policy that the browser is given allows neither.
"""
