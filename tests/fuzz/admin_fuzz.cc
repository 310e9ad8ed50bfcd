// What the admin API takes from outside: target, Host, Origin, If-Match, body. Any bytes get one
// answer, JSON is JSON, and nothing is changed for a stranger, without a reason, or by a dry run.
// The input is "METHOD TARGET", a line each for the fields below, an empty line, the body.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/parse.hpp>

#include "control/admin/endpoints.h"
#include "tests/fuzz/fuzz_check.h"
#include "tests/support/manual_clock.h"
#include "tests/unit/control/fake_sink.h"

namespace {

using namespace ficus;
using namespace ficus::control;

std::string_view take_until(std::string_view& rest, char end) {
  const std::size_t size = std::min(rest.find(end), rest.size());
  const std::string_view taken = rest.substr(0, size);
  rest.remove_prefix(std::min(size + 1, rest.size()));
  return taken;
}

// As the admin server makes it of what its HTTP parser read.
AdminRequest request_of(std::string_view input) {
  AdminRequest request;
  std::string_view line = take_until(input, '\n');
  request.method = take_until(line, ' ');
  if (!request.set_target(line)) request.path = line;
  request.host = "127.0.0.1:9901";
  request.content_type = "application/json";
  while (!input.empty()) {
    std::string_view field = take_until(input, '\n');
    if (field.empty()) break;
    const std::string_view name = take_until(field, ':');
    if (name == "host") request.host = field;
    if (name == "origin") request.origin = field;
    if (name == "if-match") request.if_match = field;
    if (name == "content-type") request.content_type = field;
  }
  request.body = input;
  return request;
}

bool is_loopback(std::string_view host) {
  const std::string_view name =
      host.substr(0, host.starts_with('[') ? host.find(']') + 1 : host.find(':'));
  if (name == "localhost" || name == "[::1]") return true;
  const auto address = proxy::SocketAddress::parse(name, 0);
  return address && name.starts_with("127.");
}

// The endpoints on a real pipeline, without threads.
class World {
 public:
  World() {
    pipeline_.load(shop_config(5), [](const auto&) {});
    context_.view = [this] { return view(); };
    context_.submit = [this](const WeightChange& change, const ChangePipeline::Answer& answer) {
      check_change(change.reason);
      FUZZ_CHECK(!change.route.empty() && change.route.find('/') == std::string::npos);
      FUZZ_CHECK(change.weight.basis_points() <= config::Weight::kFull);
      FUZZ_CHECK(!change.hold_for || change.hold_for->count() > 0);
      pipeline_.submit(change, answer);
    };
    context_.preview = [this](const WeightChange& change, const auto& answer) {
      const auto table = pipeline_.preview(change);
      if (!table) return answer(table.error());
      answer(*table->find(change.route));
    };
    context_.roll_back_all = [this](const auto&, const std::string& reason, const auto& answer) {
      check_change(reason);
      answer({{"shop"}, {9, 2, 2}});
    };
    context_.cells = [this](std::size_t) -> const proxy::WorkerCells& { return cells_; };
  }

  using Answer = void (*)(const AdminContext&, const AdminRequest&, const AdminReply&);

  void ask(const AdminRequest& request, Answer to = answer) {
    request_ = &request;
    const std::uint64_t before = pipeline_.version();
    std::optional<AdminResponse> response;
    to(context_, request, [&](AdminResponse given) {
      FUZZ_CHECK(!response);
      response = std::move(given);
    });
    FUZZ_CHECK(response);
    const int status = response->status;
    FUZZ_CHECK(status >= 200 && (status < 500 || status == 501));
    FUZZ_CHECK(response->status < 300 || pipeline_.version() == before);
    FUZZ_CHECK(to == answer || pipeline_.version() == before);
    for (const auto& [name, value] : response->headers) {
      FUZZ_CHECK(value.find_first_of("\r\n") == std::string::npos);
    }
    if (response->content_type.find("json") == std::string::npos) return;
    boost::system::error_code error;
    boost::json::parse(response->body, error);  // of text that is not UTF-8, too
    FUZZ_CHECK(!error);
  }

 private:
  void check_change(const std::string& reason) const {
    const AdminRequest& request = *request_;
    const std::string& method = request.method;
    FUZZ_CHECK(method == "PUT" || method == "POST" || method == "DELETE");
    FUZZ_CHECK(is_loopback(request.host));
    FUZZ_CHECK(request.origin.empty() || request.origin == "http://" + request.host);
    FUZZ_CHECK(method == "DELETE" || request.content_type.starts_with("application/json"));
    FUZZ_CHECK(!reason.empty() && reason.size() <= 1000);
    const auto dry = request.query.find("dry_run");
    FUZZ_CHECK(dry == request.query.end() || dry->second == "false" || dry->second == "0");
  }

  std::shared_ptr<const View> view() const {
    auto result = std::make_shared<View>();
    result->version = pipeline_.version();
    result->applied = {sink_.applied_version(0), sink_.applied_version(1)};
    result->resolved = pipeline_.resolved();
    result->snapshot = pipeline_.snapshot();
    RouteView route;
    route.entry = *pipeline_.table().find("shop");
    route.legacy = "old";
    route.fresh = "new";
    result->routes.push_back(std::make_shared<const RouteView>(route));
    return result;
  }

  const AdminRequest* request_ = nullptr;  // that is answered now
  ManualClock clock_;
  FakeSink sink_{2};
  RouteRegistry registry_{2, nullptr};
  ChangePipeline pipeline_{{clock_, sink_, registry_,
                            [](const std::string&, const proxy::EndpointState&) { return true; }}};
  proxy::WorkerCells cells_;
  AdminContext context_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const AdminRequest request =
      request_of(std::string_view(reinterpret_cast<const char*>(data), size));
  World world;
  world.ask(request, answer_metrics);
  world.ask(request);
  // What it left behind can be told.
  AdminRequest status;
  status.method = "GET";
  status.host = "localhost";
  status.path = "/api/v1/status";
  world.ask(status);
  return 0;
}
