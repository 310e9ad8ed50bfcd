#include "proxy/log/access_log.h"

namespace ficus::proxy {

void AccessLog::write(const LogSettings& settings, const LogRecord& record) {
  char* const begin = ring_.reserve(settings.format.most(record));
  if (begin == nullptr) return overrun_.add();
  clock_.read();
  char* const end = settings.format.write(record, clock_, begin);
  ring_.commit(static_cast<std::size_t>(end - begin));
}

}  // namespace ficus::proxy
