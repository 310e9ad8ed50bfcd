#pragma once

#include <functional>

#include <CLI/App.hpp>

namespace ficus::control {

// Set by the subcommand that was given; returns the exit status.
using Chosen = std::function<int()>;

// Each adds one subcommand and its options.
void add_run(CLI::App& app, Chosen& chosen);
void add_demo(CLI::App& app, Chosen& chosen);
void add_check(CLI::App& app, Chosen& chosen);
void add_explain(CLI::App& app, Chosen& chosen);
void add_status(CLI::App& app, Chosen& chosen);
void add_routes(CLI::App& app, Chosen& chosen);
void add_weight(CLI::App& app, Chosen& chosen);
void add_rollback(CLI::App& app, Chosen& chosen);
void add_rearm(CLI::App& app, Chosen& chosen);

}  // namespace ficus::control
