#pragma once

#include <string>
#include <utility>

#include <boost/system/result.hpp>

namespace ficus::control {

// Why something asked of the control plane was not done: what is wrong and what mends it. The
// status is the one the admin API answers with.
struct Error {
  int status = 500;
  std::string detail;  // one sentence
  std::string mend;    // a command or a sentence that helps; may be empty
};

[[noreturn]] void throw_exception_from_error(const Error& error,
                                             const boost::source_location& where);

template <typename T>
using Result = boost::system::result<T, Error>;

}  // namespace ficus::control
