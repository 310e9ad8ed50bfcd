#include "control/check/probe.h"

#include "config/loader.h"
#include "tests/support/catch.h"
#include "tests/support/http_backend.h"
#include "tests/support/scripted_backend.h"

namespace ficus::control {
namespace {

using tests::answer_each;
using tests::BackendMode;
using tests::HttpBackend;
using tests::ScriptedBackend;

config::Config load(const std::string& text) {
  config::LoadOutcome outcome = config::load_text(text, "f.yaml", config::empty_environment());
  REQUIRE(outcome.config);
  return std::move(*outcome.config);
}

// The two sides of one route; `more` belongs to the new backend.
config::Config between(const std::string& legacy, const std::string& fresh,
                       const std::string& more = "", const std::string& match = "") {
  return load("version: 1\nlisteners: [{address: 0.0.0.0:80}]\nbackends:\n  old: {endpoints: [\"" +
              legacy + "\"]}\n  new: {endpoints: [\"" + fresh + "\"]" + more +
              "}\nroutes:\n  - {name: shop, legacy: old, new: new, match: {" + match + "}}\n");
}

std::string problems(const ProbeReport& report) {
  std::string text;
  for (const config::Diagnostic& one : report.problems) text += one.text() + "\n";
  return text;
}

std::string lines(const ProbeReport& report) {
  std::string text;
  for (const std::string& line : report.lines) text += line + "\n";
  return text;
}

std::string answer(const std::string& status, const std::string& type) {
  return "HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: 0\r\n\r\n";
}

}  // namespace

TEST_CASE("two sides that answer alike are reported, and nothing is wrong") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  const ProbeReport report = probe(between(legacy.url(), fresh.url()));
  CHECK(problems(report).empty());
  REQUIRE(report.lines.size() == 3);
  CHECK_THAT(report.lines[0], ContainsSubstring("old  " + legacy.url() + "  HEAD /: 200") &&
                                  ContainsSubstring(" in "));
  CHECK(report.lines[2] == "route shop  GET /: legacy 200 text/plain, new 200 text/plain");
  CHECK(legacy.posts() == 0);
  CHECK(fresh.requests() == 2);
}

TEST_CASE("an endpoint that refuses connections is named with its place") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  fresh.stop();
  const ProbeReport report = probe(between(legacy.url(), fresh.url()));
  CHECK_THAT(problems(report),
             ContainsSubstring("f.yaml:5:21: warning: backends.new.endpoints[0]: probe: ") &&
                 ContainsSubstring("Connection refused; start the server"));
  CHECK(report.problems.size() == 1);  // the route cannot be compared: nothing more to say
}

TEST_CASE("an endpoint that is too slow ends the wait at the backend's own timeout") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  fresh.set_mode(BackendMode::hanging);
  const ProbeReport report =
      probe(between(legacy.url(), fresh.url(), ", timeouts: {first_byte: 50ms}"));
  CHECK_THAT(problems(report), ContainsSubstring("no answer within 50ms"));
}

TEST_CASE("an endpoint that hangs up, resets or speaks something else is told as such") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  const config::Config config = between(legacy.url(), fresh.url());
  fresh.set_mode(BackendMode::closing);
  CHECK_THAT(problems(probe(config)), ContainsSubstring("closes the connection without an answer"));
  fresh.set_mode(BackendMode::resetting);
  CHECK_THAT(problems(probe(config)), ContainsSubstring("Connection reset"));
  fresh.set_mode(BackendMode::not_http);
  CHECK_THAT(problems(probe(config)), ContainsSubstring("what is no HTTP/1.x"));
}

TEST_CASE("a name that is unknown here is told") {
  HttpBackend fresh("new");
  CHECK_THAT(problems(probe(between("http://old.invalid:80", fresh.url()))),
             ContainsSubstring("has no address: old.invalid is unknown here"));
}

TEST_CASE("the health check's own path is asked, and judged as the health check does") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  const config::Config config =
      between(legacy.url(), fresh.url(), ", health_check: {path: \"/up?x=1\"}");
  CHECK_THAT(lines(probe(config)), ContainsSubstring("GET /up?x=1: 200"));
  fresh.set_mode(BackendMode::failing);
  fresh.set_status(404);
  CHECK_THAT(problems(probe(config)), ContainsSubstring("answers 404 to its health check"));
}

TEST_CASE("without a health check only a server error is remarkable") {
  ScriptedBackend legacy(answer_each(answer("405 No", "text/html")));
  ScriptedBackend fresh(answer_each(answer("405 No", "TEXT/html; charset=x")));
  CHECK(problems(probe(between(legacy.url(), fresh.url()))).empty());
  ScriptedBackend broken(answer_each(answer("500 No", "text/html")));
  CHECK_THAT(problems(probe(between(legacy.url(), broken.url()))),
             ContainsSubstring("answers 500 to HEAD /"));
}

TEST_CASE("sides that differ in status or media type are told") {
  ScriptedBackend legacy(answer_each(answer("200 OK", "text/html; charset=utf-8")));
  ScriptedBackend missing(answer_each(answer("404 No", "text/html")));
  ScriptedBackend json(answer_each(answer("200 OK", "application/json")));
  CHECK_THAT(problems(probe(between(legacy.url(), missing.url(), "", "path_prefix: /shop"))),
             ContainsSubstring("routes[0]: probe: GET /shop is answered differently: legacy 200 "
                               "text/html, new 404 text/html"));
  CHECK_THAT(problems(probe(between(legacy.url(), json.url()))),
             ContainsSubstring("new 200 application/json"));
}

TEST_CASE("a route is asked for as its match demands, or not at all") {
  HttpBackend legacy("legacy");
  HttpBackend fresh("new");
  probe(between(legacy.url(), fresh.url(), "",
                "hosts: [shop.example.com], path: /a, headers: {X-Tenant: acme}"));
  CHECK_THAT(fresh.last_request(), ContainsSubstring("GET /a HTTP/1.1\r\n") &&
                                       ContainsSubstring("Host: shop.example.com\r\n") &&
                                       ContainsSubstring("X-Tenant: acme\r\n"));
  CHECK_THAT(lines(probe(between(legacy.url(), fresh.url(), "", "methods: [POST]"))),
             ContainsSubstring("1 routes with both sides were not compared"));
  CHECK(fresh.posts() == 0);
}

TEST_CASE("an interim answer is not the answer") {
  ScriptedBackend legacy(
      answer_each("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + answer("200 OK", "a/b")));
  HttpBackend fresh("new");
  CHECK_THAT(lines(probe(between(legacy.url(), fresh.url()))),
             ContainsSubstring("HEAD /: 200 a/b"));
}

}  // namespace ficus::control
