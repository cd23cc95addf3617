"""The tables' history, one file a change, the same for SQLite and PostgreSQL. ``models.database`` applies it.

To add one, change the models and run ``tortoise -c models.database.DRAFTING makemigrations -n what_it_does``; then make
the draft fit to stay, since it is never changed again once it has run anywhere:

* Literals only: a migration imports Tortoise and ``models.operations``, never a table or an enum.
* ``CreateModel`` comes from ``models.operations``: Tortoise 1.1.9 drops CHECKs when it creates a table.
* A unique index with a WHERE is ``ops.RunSQL``; Tortoise refuses it on SQLite.
* On SQLite, altering a column or adding a CHECK makes the table anew and loses its indexes and triggers: create them
  again in the same migration. The tests try every constraint on both databases.
"""
