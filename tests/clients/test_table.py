#!/usr/bin/python3
"""The table of differences and the page that tells people of them say the same; no network is needed."""

import os
import sys
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("top_srcdir") or os.path.join(HERE, "..", "..")
sys.path[:0] = [HERE, os.path.join(SOURCE, "tests", "tenant")]

import tap  # noqa: E402
import differences  # noqa: E402
import jobs  # noqa: E402

PAGE = os.path.join(SOURCE, "doc", "internals", "requests.md")
REQUESTS = {request for several in jobs.REQUESTS.values() for request in several}


class TableTest(unittest.TestCase):
    def test_page(self):
        """doc/internals/requests.md ends with the table"""
        with open(PAGE, encoding="utf-8") as file:
            page = file.read()
        table = differences.markdown()
        written = page[page.find(table.splitlines()[0]):]
        self.assertEqual(written.splitlines(), table.splitlines())

    def test_requests(self):
        """the page explains every name of a request that the table uses, and no other"""
        with open(PAGE, encoding="utf-8") as file:
            explained = [line.split("`")[1] for line in file if line.startswith("| `")]
        self.assertEqual(sorted(explained), sorted(REQUESTS))
        self.assertEqual({request for row in differences.TABLE for request in row.requests} - REQUESTS, set())

    def test_once(self):
        """no difference is listed twice for a request and client, and each has a reason"""
        for client in differences.BOTH:
            for request in REQUESTS:
                listed = [aspect for row in differences.TABLE if client in row.clients and request in row.requests
                          for aspect in row.aspects()]
                self.assertEqual(sorted(listed), sorted(set(listed)), (client, request))
        for row in differences.TABLE:
            self.assertTrue(row.why and row.requests and row.clients and row.ours != row.theirs, row)


if __name__ == "__main__":
    sys.exit(tap.main())
