#include <optional>

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "control/admin/endpoints.h"
#include "control/admin/problem.h"
#include "tests/support/catch.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/control/fake_sink.h"

namespace ficus::control {
namespace {

namespace json = boost::json;

// The endpoints on a real pipeline, without threads.
struct Fixture {
  ManualClock clock;
  FakeSink sink{2};
  RouteRegistry registry{2, nullptr};
  ChangePipeline pipeline{{clock, sink, registry,
                           [](const std::string&, const proxy::EndpointState&) { return true; }}};
  proxy::WorkerCells cells;
  bool draining = false;
  AdminContext context;

  Fixture() {
    pipeline.load(shop_config(5), [](const auto&) {});
    context.view = [this] { return view(); };
    context.submit = [this](const WeightChange& change, const ChangePipeline::Answer& answer) {
      pipeline.submit(change, answer);
    };
    context.preview = [this](const WeightChange& change, const auto& answer) {
      const auto table = pipeline.preview(change);
      if (!table) return answer(table.error());
      answer(*table->find(change.route));
    };
    context.roll_back_all = [](const auto&, const auto&, const auto& answer) {
      answer({{"shop"}, {9, 2, 2}});
    };
    context.cells = [this](std::size_t) -> const proxy::WorkerCells& { return cells; };
  }

  std::shared_ptr<const View> view() const {
    auto result = std::make_shared<View>();
    result->version = pipeline.version();
    result->applied = {sink.applied_version(0), sink.applied_version(1)};
    result->draining = draining;
    result->resolved = pipeline.resolved();
    result->snapshot = pipeline.snapshot();
    RouteView route;
    route.entry = *pipeline.table().find("shop");
    route.legacy = "old";
    route.fresh = "new";
    route.evidence = registry.lane("shop")->evidence();
    result->routes.push_back(std::make_shared<const RouteView>(route));
    return result;
  }

  AdminResponse ask(const std::string& method, const std::string& target,
                    const std::string& body = "") {
    AdminRequest request;
    request.method = method;
    REQUIRE(request.set_target(target));
    request.host = "127.0.0.1:9901";
    request.body = body;
    if (!body.empty()) request.content_type = "application/json";
    return send(request);
  }

  AdminResponse send(const AdminRequest& request) {
    std::optional<AdminResponse> response;
    answer(context, request, [&](AdminResponse given) {
      REQUIRE_FALSE(response);
      response = std::move(given);
    });
    REQUIRE(response);
    return *response;
  }
};

json::value parsed(const AdminResponse& response) {
  boost::system::error_code error;
  json::value value = json::parse(response.body, error);
  REQUIRE_FALSE(error);
  return value;
}

std::string header(const AdminResponse& response, const std::string& name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return {};
}

constexpr const char* kWeight = "/api/v1/routes/shop/weight";

}  // namespace

TEST_CASE("setting a weight answers with the version, who applied it and the route") {
  Fixture fixture;
  const auto response = fixture.ask("PUT", kWeight, R"({"weight": 20, "reason": "more"})");
  CHECK(response.status == 200);
  const auto document = parsed(response);
  CHECK(document.at("applied").at("workers").as_int64() == 2);
  CHECK(document.at("applied").at("of").as_int64() == 2);
  CHECK(document.at("route").at("weight").to_number<double>() == 20);
  CHECK(document.at("route").at("override").at("reason").as_string() == "more");
  CHECK_FALSE(document.at("durable").as_bool());
  CHECK(header(response, "ETag") == "\"2\"");

  const auto back = fixture.ask("DELETE", std::string(kWeight) + "?reason=done%20with%20it");
  CHECK(back.status == 200);
  CHECK(parsed(back).at("route").at("origin").as_string() == "file");
}

TEST_CASE("faulty changes are refused with what would be right") {
  Fixture fixture;
  const std::size_t published = fixture.sink.published.size();
  for (const char* body : {
           "",
           "nonsense",
           "[]",
           "{}",
           R"({"weight": 20})",
           R"({"weight": 20, "reason": ""})",
           R"({"weight": 20, "reason": " \t"})",
           R"({"weight": 20, "reason": "r", "weight": 30})",
           R"({"weight": 20, "reason": "r", "w\u0065ight": 30})",
           R"({"weight": "20", "reason": "r"})",
           R"({"weight": 101, "reason": "r"})",
           R"({"weight": -1, "reason": "r"})",
           R"({"weight": 0.001, "reason": "r"})",
           R"({"weight": 20, "reason": "r", "for": "soon"})",
           R"({"weight": 20, "reason": "r", "fro": "30m"})",
           R"({"weight": 20, "reason": 7})",
       }) {
    INFO(body);
    AdminRequest request;
    request.method = "PUT";
    request.set_target(kWeight);
    request.host = "localhost";
    request.content_type = "application/json; charset=utf-8";
    request.body = body;
    const auto response = fixture.send(request);
    CHECK(response.status == 400);
    CHECK(response.content_type == "application/problem+json");
    CHECK_FALSE(parsed(response).at("mend").as_string().empty());
  }
  CHECK(fixture.ask("DELETE", std::string(kWeight) + "?reason=%20").status == 400);
  CHECK(fixture.sink.published.size() == published);
  CHECK(fixture.ask("PUT", kWeight, R"({"weight": 20, "reason": "a \"weight\": {:"})").status ==
        200);
}

TEST_CASE("a query parameter that nobody knows, or twice, changes nothing") {
  Fixture fixture;
  const std::size_t published = fixture.sink.published.size();
  const std::string body = R"({"weight": 20, "reason": "r"})";
  for (const char* query : {"?dryrun=true", "?dry_run=maybe", "?dry_run=true&dry_run=false",
                            "?reason=r", "?Dry_Run=true", "?=true"}) {
    INFO(query);
    const auto response = fixture.ask("PUT", kWeight + std::string(query), body);
    CHECK(response.status == 400);
    CHECK_FALSE(parsed(response).at("mend").as_string().empty());
  }
  CHECK(fixture.ask("DELETE", std::string(kWeight) + "?reason=r&dryrun=1").status == 400);
  CHECK(fixture.ask("POST", "/api/v1/rollback?dryrun=1", R"({"reason": "r"})").status == 400);
  CHECK(fixture.ask("GET", "/api/v1/routes?name=shop").status == 400);
  CHECK(fixture.sink.published.size() == published);

  CHECK(fixture.ask("PUT", std::string(kWeight) + "?dry_run", body).status == 200);
  CHECK(fixture.sink.published.size() == published);
  CHECK(fixture.ask("PUT", std::string(kWeight) + "?dry_run=false", body).status == 200);
  CHECK(fixture.sink.published.size() == published + 1);
  CHECK(fixture.ask("GET", "/api/v1/routes?").status == 200);
  CHECK(fixture.ask("GET", "/readyz?verbose=1").status == 200);
}

TEST_CASE("what came in that is no UTF-8 makes no answer that is no JSON") {
  Fixture fixture;
  CHECK(parsed(fixture.ask("GET", "/%ff")).at("detail").as_string() ==
        "there is nothing at /\xef\xbf\xbd");
  CHECK(fixture.ask("DELETE", std::string(kWeight) + "?reason=a%ffb").status == 200);
  CHECK(fixture.ask("PUT", kWeight, "{\"weight\": 20, \"reason\": \"\xff\"}").status == 400);
  CHECK(parsed(fixture.ask("GET", "/api/v1/status")).is_object());
}

TEST_CASE("a latched route's conflict names the command that helps") {
  Fixture fixture;
  CHECK(fixture.ask("POST", "/api/v1/routes/shop/rollback", R"({"reason": "bad"})").status == 200);
  const auto refused = fixture.ask("PUT", kWeight, R"({"weight": 1, "reason": "again"})");
  CHECK(refused.status == 409);
  CHECK_THAT(refused.body, ContainsSubstring("ficus rearm shop"));
  CHECK(fixture.ask("POST", "/api/v1/routes/shop/rearm", R"({"reason": "mended"})").status == 200);
  CHECK(fixture.ask("PUT", kWeight, R"({"weight": 1, "reason": "again"})").status == 200);
}

TEST_CASE("a stale ETag is answered with the present state") {
  Fixture fixture;
  AdminRequest request;
  request.method = "PUT";
  request.set_target(kWeight);
  request.host = "127.0.0.1";
  request.content_type = "application/json";
  request.if_match = "\"77\"";
  request.body = R"({"weight": 20, "reason": "r"})";
  const auto refused = fixture.send(request);
  CHECK(refused.status == 412);
  CHECK(parsed(refused).at("route").at("weight").to_number<double>() == 5);
  CHECK(header(refused, "ETag") == "\"1\"");
  request.if_match = "\"1\"";
  CHECK(fixture.send(request).status == 200);
  request.if_match = "abc";
  CHECK(fixture.send(request).status == 400);
}

TEST_CASE("a dry run says what would be and changes nothing") {
  Fixture fixture;
  const auto response =
      fixture.ask("PUT", std::string(kWeight) + "?dry_run=true", R"({"weight": 20})");
  CHECK(response.status == 200);
  CHECK(parsed(response).at("route").at("weight").to_number<double>() == 20);
  CHECK(fixture.pipeline.table().find("shop")->effective() == *config::Weight::from_percent(5));
}

TEST_CASE("pages of other sites cannot reach the admin listener") {
  Fixture fixture;
  AdminRequest request;
  request.method = "GET";
  request.set_target("/api/v1/status");
  for (const char* host :
       {"", "evil.example", "evil.example:9901", "localhost.evil.example", "10.0.0.1", "[fe80::1]",
        "127.evil.example", "127.0.0.1.evil.example", "127.0.0.1.evil.example:9901", "127.",
        "127.1", "[::1]evil.example", "127.0.0.1:80@evil.example", "["}) {
    INFO(host);
    request.host = host;
    CHECK(fixture.send(request).status == 403);
  }
  for (const char* host :
       {"localhost", "LocalHost:9901", "127.0.0.1:9901", "127.0.0.2", "[::1]:9901"}) {
    INFO(host);
    request.host = host;
    CHECK(fixture.send(request).status == 200);
  }
  request.origin = "http://evil.example";
  CHECK(fixture.send(request).status == 403);
  request.origin = "http://[::1]:9901";
  CHECK(fixture.send(request).status == 200);

  AdminRequest form;
  form.method = "POST";
  form.set_target("/api/v1/rollback");
  form.host = "127.0.0.1";
  form.content_type = "text/plain";
  form.body = R"({"reason": "r"})";
  CHECK(fixture.send(form).status == 415);
}

TEST_CASE("a request that says its host twice says it the same way") {
  Fixture fixture;
  AdminRequest request;
  request.method = "GET";
  request.host = "localhost:9901";
  REQUIRE(request.set_target("http://LOCALHOST:9901/api/v1/status"));
  CHECK(request.path == "/api/v1/status");
  CHECK(fixture.send(request).status == 200);
  for (const char* target : {"http://evil.example/api/v1/status", "http://localhost/api/v1/status",
                             "http://localhost:9901@evil.example/api/v1/status"}) {
    INFO(target);
    REQUIRE(request.set_target(target));
    CHECK(fixture.send(request).status == 400);
  }
  REQUIRE(request.set_target("/api/v1/status"));
  CHECK(fixture.send(request).status == 200);
  request.host_lines = 2;
  CHECK(fixture.send(request).status == 400);

  request.host_lines = 1;
  request.host = "evil.example";
  REQUIRE(request.set_target("http://evil.example/api/v1/status"));
  CHECK(fixture.send(request).status == 403);
}

TEST_CASE("unknown paths and wrong methods say what there is") {
  Fixture fixture;
  CHECK(fixture.ask("GET", "/").status == 404);
  CHECK(fixture.ask("GET", "/api/v1/routes/").status == 404);
  CHECK(fixture.ask("GET", "/api/v1/routes/none").status == 404);
  CHECK(fixture.ask("GET", "/api/v1/routes/shop/nothing").status == 404);
  const auto wrong = fixture.ask("POST", kWeight, "{}");
  CHECK(wrong.status == 405);
  CHECK(header(wrong, "Allow") == "PUT, DELETE");
  CHECK(header(fixture.ask("DELETE", "/api/v1/status"), "Allow") == "GET, HEAD");
}

TEST_CASE("paths of a later version say that they are not in this one") {
  Fixture fixture;
  for (const char* path : {"/api/v1/events", "/api/v1/routes/shop/why", "/api/v1/migrations"}) {
    const auto response = fixture.ask("GET", path);
    CHECK(response.status == 501);
    CHECK(parsed(response).at("detail").as_string() ==
          std::string(path) + " is not in this version");
  }
  CHECK(fixture.ask("POST", "/api/v1/freeze", R"({"reason": "r"})").status == 501);
  CHECK(fixture.ask("POST", "/api/v1/backends/new/deploy", R"({"phase": "begin"})").status == 501);
}

TEST_CASE("reading shows each route with its sides and says what is not durable") {
  Fixture fixture;
  const auto routes = parsed(fixture.ask("GET", "/api/v1/routes"));
  CHECK_FALSE(routes.at("durable").as_bool());
  CHECK(routes.at("routes").at(0).at("sides").at("legacy").at("backend").as_string() == "old");
  const auto response = fixture.ask("GET", "/api/v1/routes/shop");
  CHECK(header(response, "ETag") == "\"1\"");
  CHECK(parsed(response).at("sides").at("new").at("endpoints").at(0).at("healthy").as_bool());
  const auto status = parsed(fixture.ask("GET", "/api/v1/status"));
  CHECK(status.at("workers").at("count").as_int64() == 2);
  CHECK_FALSE(status.at("durable").as_bool());
}

TEST_CASE("probes tell alive from ready") {
  Fixture fixture;
  CHECK(fixture.ask("GET", "/livez").status == 200);
  CHECK(fixture.ask("GET", "/readyz").status == 200);
  fixture.draining = true;
  CHECK(fixture.ask("GET", "/livez").status == 200);
  CHECK(fixture.ask("GET", "/readyz").status == 503);
}

TEST_CASE("rolling back everything lists what was") {
  Fixture fixture;
  const auto all = fixture.ask("POST", "/api/v1/rollback", R"({"reason": "storm"})");
  CHECK(all.status == 200);
  CHECK(parsed(all).at("rolled_back").at(0).as_string() == "shop");
  CHECK(fixture.ask("POST", "/api/v1/rollback", "{}").status == 400);
}

TEST_CASE("metrics carry configured names and the shares in force") {
  Fixture fixture;
  auto& side = fixture.pipeline.snapshot()->routes[0].state->per_worker[0].cells.sides[1];
  side.requests.add(500);
  side.requests.add(500);
  side.duration.record(1'000);
  side.errors[static_cast<std::size_t>(proxy::ErrorKind::status)].add();
  const auto response = fixture.ask("GET", "/metrics");
  CHECK(response.status == 200);
  for (const char* line : {
           "ficus_requests_total{route=\"shop\",side=\"new\",code=\"500\"} 2",
           "ficus_side_errors_total{route=\"shop\",side=\"new\",kind=\"status\"} 1",
           "ficus_request_duration_seconds_count{route=\"shop\",side=\"new\"} 1",
           "ficus_route_weight_ratio{route=\"shop\",origin=\"effective\"} 0.05",
           "ficus_route_latched{route=\"shop\"} 0",
           "ficus_endpoint_healthy{backend=\"new\",endpoint=\"127.0.0.1:2\"} 1",
           "ficus_rollbacks_total{route=\"shop\",cause=\"operator\"} 0",
           "ficus_would_roll_back_total{route=\"shop\",cause=\"absolute\"} 0",
           "ficus_worker_busy_ratio{worker=\"1\"} 0",
           "ficus_config_last_reload_success 1",
           "ficus_build_info{version=",
       }) {
    CHECK_THAT(response.body, ContainsSubstring(line));
  }
}

}  // namespace ficus::control
