#!/usr/bin/env python3
"""The layering check finds what it is there to find."""

import pathlib
import tempfile
import unittest

import layering


def complaints(path, text):
    return [complaint for _, complaint in layering.judge_file(path, text)]


class Includes(unittest.TestCase):
    def assert_fine(self, path, include):
        self.assertEqual(complaints(path, f"#include {include}\n"), [])

    def assert_refused(self, path, include):
        self.assertEqual(len(complaints(path, f"#include {include}\n")), 1, f"{path}: {include}")

    def test_parts_know_the_parts_below_them(self):
        self.assert_fine("proxy/route/a.cc", '"config/model.h"')
        self.assert_fine("control/app.cc", '"proxy/server.h"')
        self.assert_fine("control/app.cc", '"config/loader.h"')

    def test_parts_do_not_know_the_parts_above_them(self):
        self.assert_refused("config/model.h", '"proxy/side.h"')
        self.assert_refused("config/model.h", '"control/clock.h"')
        self.assert_refused("proxy/server.h", '"control/clock.h"')

    def test_no_part_knows_the_tests(self):
        for path in ["config/a.cc", "proxy/net/a.cc", "control/a.cc"]:
            self.assert_refused(path, '"tests/support/raw_client.h"')
            self.assert_refused(path, '"loadtests/generator.h"')

    def test_tests_know_everything(self):
        self.assert_fine("tests/unit/proxy/route/a_test.cc", '"control/clock.h"')
        self.assert_fine("loadtests/a.cc", "<boost/asio.hpp>")

    def test_libraries_stay_in_their_part(self):
        self.assert_fine("config/document.cc", "<yaml-cpp/yaml.h>")
        self.assert_fine("control/admin/a.cc", "<boost/beast/http.hpp>")
        self.assert_refused("config/document.cc", "<boost/asio.hpp>")
        self.assert_refused("control/app.cc", "<yaml-cpp/yaml.h>")
        for header in ["boost/asio/ip/tcp.hpp", "boost/beast.hpp", "boost/json.hpp", "sqlite3.h",
                       "prometheus/counter.h", "yaml-cpp/yaml.h", "spdlog/spdlog.h"]:
            self.assert_refused("proxy/net/a.cc", f"<{header}>")

    def test_system_headers_are_free(self):
        for header in ["vector", "cstdint", "sys/epoll.h", "netinet/in.h", "unistd.h"]:
            self.assert_fine("proxy/net/a.cc", f"<{header}>")

    def test_layers_of_the_proxy_look_down_only(self):
        self.assert_fine("proxy/relay/a.cc", '"proxy/http/request_head.h"')
        self.assert_fine("proxy/route/a.cc", '"proxy/net/address.h"')
        self.assert_fine("proxy/downstream/a.cc", '"proxy/exchange.h"')
        self.assert_fine("proxy/server.cc", '"proxy/worker.h"')
        self.assert_refused("proxy/http/a.cc", '"proxy/relay/pipe.h"')
        self.assert_refused("proxy/relay/a.cc", '"proxy/exchange.h"')
        self.assert_refused("proxy/exchange.cc", '"proxy/downstream/connection.h"')
        self.assert_refused("proxy/downstream/a.cc", '"proxy/worker.h"')
        self.assert_refused("proxy/worker.cc", '"proxy/server.h"')

    def test_everybody_in_the_proxy_knows_its_vocabulary(self):
        for header in ["side", "error", "counters", "snapshot"]:
            self.assert_fine("proxy/guard/a.cc", f'"proxy/{header}.h"')
        self.assert_fine("proxy/snapshot.h", '"proxy/route/splitter.h"')

    def test_a_file_of_the_proxy_without_a_layer_is_named(self):
        self.assertEqual(len(complaints("proxy/novelty.cc", "")), 1)
        self.assert_refused("proxy/server.cc", '"proxy/novelty.h"')

    def test_includes_are_given_from_the_root(self):
        self.assert_refused("proxy/net/a.cc", '"address.h"')
        self.assert_fine("control/cli/version.cc", '"build_info.h"')


class OtherRules(unittest.TestCase):
    def test_only_the_fast_lane_locks(self):
        for text in ["std::mutex m;", "  std::shared_mutex m;", "#include <mutex>",
                     "std::condition_variable c;", "pthread_mutex_lock(&m);"]:
            self.assertEqual(len(complaints("proxy/net/a.cc", text)), 1, text)
            self.assertEqual(complaints("proxy/guard/fast_lane.h", text), [])
            self.assertEqual(complaints("control/app.cc", text), [])
        self.assertEqual(complaints("proxy/net/a.cc", "// no std::mutex here"), [])

    def test_long_files_are_refused(self):
        self.assertEqual(complaints("control/a.cc", "\n" * 600), [])
        self.assertEqual(len(complaints("control/a.cc", "\n" * 601)), 1)

    def test_folders_with_sources_need_a_readme(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path in ["proxy/net/a.cc", "tests/unit/proxy/a_test.cc"]:
                (root / path).parent.mkdir(parents=True)
                (root / path).write_text("")
            self.assertEqual(len(list(layering.judge_tree(root))), 1)
            self.assertEqual(layering.main(["", folder]), 1)
            (root / "proxy/net/README.md").write_text("Sockets.\n")
            self.assertEqual(list(layering.judge_tree(root)), [])
            self.assertEqual(layering.main(["", folder]), 0)


if __name__ == "__main__":
    unittest.main()
