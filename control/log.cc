#include "control/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/null_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace ficus::control {
namespace {

std::shared_ptr<spdlog::logger> make_logger(spdlog::sink_ptr sink) {
  auto logger = std::make_shared<spdlog::logger>("ficus", std::move(sink));
  logger->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
  logger->flush_on(spdlog::level::info);
  return logger;
}

}  // namespace

Log::Log() : Log(make_logger(std::make_shared<spdlog::sinks::stderr_sink_mt>())) {}
Log::Log(std::string path)
    : Log(make_logger(std::make_shared<spdlog::sinks::basic_file_sink_mt>(path))) {}
Log::Log(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {}
Log::~Log() = default;

Log Log::silent() { return Log(make_logger(std::make_shared<spdlog::sinks::null_sink_mt>())); }

// The text is a value, never a format string: it may hold braces that a client sent.
void Log::info(std::string_view text) { logger_->log(spdlog::level::info, "{}", text); }
void Log::warning(std::string_view text) { logger_->log(spdlog::level::warn, "{}", text); }
void Log::error(std::string_view text) { logger_->log(spdlog::level::err, "{}", text); }

std::string in_quotes(std::string_view value) {
  constexpr std::size_t kLongest = 200;
  const bool cut = value.size() > kLongest;
  if (cut) value = value.substr(0, kLongest);
  std::string result = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') result += '\\';
    result += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
  }
  result += cut ? "…\"" : "\"";
  return result;
}

}  // namespace ficus::control
