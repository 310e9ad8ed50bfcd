#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "config/model.h"
#include "proxy/net/address.h"
#include "proxy/net/tls_client.h"

namespace ficus::control {

// One safe request to one endpoint.
struct ProbeCall {
  config::EndpointUrl url;
  std::vector<proxy::SocketAddress> addresses;  // of the endpoint; the first that connects is used
  const config::Backend* backend = nullptr;     // outlives the call
  std::shared_ptr<const proxy::TlsClient> tls;  // for https; null: its files cannot be used
  std::string method = "HEAD";                  // GET or HEAD
  std::string target = "/";
  std::string host;
  std::vector<config::SetHeader> headers;
};

struct ProbeAnswer {
  std::string failure;  // why there is no answer; empty: there is one
  unsigned status = 0;
  std::string media_type;             // of Content-Type, lower case, without parameters
  std::string tls;                    // "TLSv1.3, certificate valid until 2027-01-31"
  std::chrono::milliseconds time{0};  // to the answer's head, connecting included
};

// Connects (TLS as traffic does), asks, reads the head of the answer and closes.
// Bounded by the backend's timeouts, at most 2 s to connect and 5 s for all else. Never throws.
boost::asio::awaitable<ProbeAnswer> ask(const ProbeCall& call);

}  // namespace ficus::control
