#include "control/error.h"

#include <stdexcept>

namespace ficus::control {

// Only reached when a result is read without asking whether it holds a value: a defect.
void throw_exception_from_error(const Error& error, const boost::source_location& where) {
  throw std::logic_error(error.detail + " (" + where.to_string() + ")");
}

}  // namespace ficus::control
