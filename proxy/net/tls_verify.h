#pragma once

#include <string_view>

namespace ficus::proxy {

// Why a server's certificate was not accepted, of what SSL_get_verify_result() gives: a clause in
// static storage, "the server's certificate has expired".
std::string_view verify_text(long verdict);

}  // namespace ficus::proxy
