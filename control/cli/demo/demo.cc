#include "control/cli/demo/demo.h"

#include <csignal>
#include <exception>
#include <iostream>
#include <memory>
#include <string>

#include "control/cli/demo/demo_config.h"
#include "control/cli/demo/demo_proxy.h"
#include "control/cli/demo/director.h"
#include "control/cli/demo/panel.h"
#include "control/cli/demo/shop.h"
#include "control/cli/demo/story.h"
#include "control/cli/demo/summary.h"
#include "control/cli/demo/traffic.h"
#include "control/cli/demo/view.h"

namespace ficus::control::demo {
namespace {

constexpr unsigned kUsersARoute = 16;
constexpr int kInterrupted = 130;

sigset_t block_interrupts() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  return signals;
}

// Everything that takes part, in the order in which it must end: users before the proxy, the proxy
// before the shops.
struct World {
  World()
      : interrupts(block_interrupts()),
        orders(make_order_book()),
        legacy("legacy", orders),
        fresh("new", orders),
        proxy(demo_config({legacy.port(), fresh.port()})),
        traffic({proxy.port(), demo_hosts(), kUsersARoute}) {}

  sigset_t interrupts;
  std::shared_ptr<OrderBook> orders;
  Shop legacy;
  Shop fresh;
  DemoProxy proxy;
  Traffic traffic;
};

std::string url(std::uint16_t port) { return "http://127.0.0.1:" + std::to_string(port); }

void introduce(View& view, const World& world) {
  view.line("ficus demo: a shop moves from its legacy version to a new one.");
  view.line("  legacy shop " + url(world.legacy.port()) + ", new shop " + url(world.fresh.port()) +
            ", ficus " + url(world.proxy.port()) + ", admin API " + url(world.proxy.admin_port()));
  view.line("  " + std::to_string(2 * kUsersARoute) +
            " users, half on a route without fallback, half on one with it; a quarter of the "
            "requests are orders (POST)");
}

void say_where_to_go(View& view) {
  view.line("");
  view.line("Next:");
  view.line("  ficus demo --serve   keeps all this running, to shift and break it by hand");
  view.line("  README.md            ten lines of YAML in front of two servers of your own");
}

// Failures that no break explains.
Claim nothing_else_failed(const Director& director) {
  Tally all;
  for (const Tally& tally : director.totals()) all = all + tally;
  std::uint64_t explained = 0;
  for (const BreakOutcome& one : director.breaks()) {
    explained += one.without_fallback.failed() + one.with_fallback.failed();
  }
  return {all.failed() == explained, "outside the breaks " + grouped(all.failed() - explained) +
                                         " of " + grouped(all.requests) + " requests failed"};
}

int tell(World& world, View& view) {
  Cast cast{world.fresh,     world.traffic, AdminCalls(world.proxy.admin_port()),
            demo_routes(),   kUsersARoute,  kDemoWorkers,
            world.interrupts};
  Director director(cast, view);
  const std::vector<Act> story = the_story();
  const bool whole = director.play(story);
  view.end_live();
  std::vector<Claim> claims = director.claims();
  bool failed = false;
  for (const Claim& claim : claims) failed = failed || !claim.held;
  if (!whole && !failed) {
    view.line("interrupted");
    return kInterrupted;
  }
  view.title("What happened");
  for (const std::string& line : break_table(director.breaks())) view.line(line);
  if (whole) {
    claims.push_back(nothing_else_failed(director));
    view.claim(claims.back());
    failed = failed || !claims.back().held;
  }
  for (const std::string& line : verdict(claims)) view.line("  " + line);
  if (!failed) say_where_to_go(view);
  return failed ? 1 : 0;
}

int serve(World& world, View& view) {
  Cast cast{world.fresh,     world.traffic, AdminCalls(world.proxy.admin_port()),
            demo_routes(),   kUsersARoute,  kDemoWorkers,
            world.interrupts};
  for (const std::string& route : cast.routes) cast.admin.set_weight(route, 10);
  view.line("Try, in another terminal (Ctrl-C here ends it):");
  view.line("  export FICUS_ADMIN=" + url(world.proxy.admin_port()));
  view.line("  ficus status");
  view.line("  ficus weight plain 50 --reason 'looks good'");
  view.line("  curl -i -H 'Host: plain.shop.test' " + url(world.proxy.port()) + "/products");
  view.line("  curl -X POST " + url(world.fresh.port()) +
            "/_condition/500      # or hang, healthy (refuse closes this port too: Ctrl-C then)");
  view.line("  ficus rearm plain --reason repaired");
  Director director(cast, view);
  while (director.let_pass(std::chrono::hours(1))) {
  }
  view.end_live();
  return 0;
}

}  // namespace

int run_demo(const DemoOptions& options) {
  const std::unique_ptr<View> view = make_view();
  try {
    World world;
    introduce(*view, world);
    return options.serve ? serve(world, *view) : tell(world, *view);
  } catch (const std::exception& error) {
    view->end_live();
    std::cerr << "ficus demo: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace ficus::control::demo
