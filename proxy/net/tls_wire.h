#pragma once

#include <openssl/bio.h>

namespace ficus::proxy {

// The BIO between OpenSSL and a Socket's descriptor; its data is the TlsSession. It answers "try
// again" without a system call where the socket knows that one would fail. Constant; any thread.
const BIO_METHOD* tls_wire_method();

}  // namespace ficus::proxy
