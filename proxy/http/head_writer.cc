#include "proxy/http/head_writer.h"

#include "proxy/http/grammar.h"

namespace ficus::proxy::http {

namespace {

constexpr std::size_t kMaxRequestId = 128;

// Copies kept field lines; canonical ones that lie together leave as one run.
class LineCopier {
 public:
  LineCopier(const char* base, HeadBuffer& out) : base_(base), out_(out) {}
  LineCopier(const LineCopier&) = delete;
  LineCopier& operator=(const LineCopier&) = delete;
  ~LineCopier() { flush(); }

  void keep(const Field& field) {
    if (!field.canonical) return write(field, {base_ + field.value_at, field.value_size});
    if (field.name_at != end_ || begin_ == end_) {
      flush();
      begin_ = field.name_at;
    }
    end_ = field.line_end();
  }

  // The field's name with another value.
  void write(const Field& field, std::string_view value) {
    flush();
    out_.append({base_ + field.name_at, field.name_size});
    out_.append(": ");
    out_.append(value);
    out_.append("\r\n");
  }

  void write_mapped(const Field& field, PlaceField kind, const BackMap& map) {
    flush();
    out_.append({base_ + field.name_at, field.name_size});
    out_.append(": ");
    append_mapped(kind, {base_ + field.value_at, field.value_size}, map, out_);
    out_.append("\r\n");
  }

  void write_number(const Field& field, std::uint64_t number) {
    flush();
    out_.append({base_ + field.name_at, field.name_size});
    out_.append(": ");
    out_.append_number(number);
    out_.append("\r\n");
  }

 private:
  void flush() {
    out_.append({base_ + begin_, end_ - begin_});
    begin_ = end_ = 0;
  }

  const char* base_;
  HeadBuffer& out_;
  std::uint32_t begin_ = 0;
  std::uint32_t end_ = 0;
};

void write_line(std::string_view name_and_colon, std::string_view value, HeadBuffer& out) {
  out.append(name_and_colon);
  out.append(value);
  out.append("\r\n");
}

void write_length(std::uint64_t length, HeadBuffer& out) {
  out.append("Content-Length: ");
  out.append_number(length);
  out.append("\r\n");
}

// Does the side's rewrite leave this field out, or write another in its place?
bool rewritten(const UpstreamHeadContext& context, HeaderId id, std::string_view name = {}) {
  return context.rewrite != nullptr && context.rewrite->drops(id, name);
}

// Is the line replaced by one that the proxy adds at the end?
bool replaced(const Field& field, const UpstreamHeadContext& context) {
  switch (field.id) {
    case HeaderId::x_forwarded_for:
      return context.x_forwarded == HopField::add && !context.client_ip.empty();
    case HeaderId::forwarded:
      return context.forwarded != HopField::leave;
    case HeaderId::x_request_id:
      return !context.request_id.empty();
    case HeaderId::traceparent:
      return !context.traceparent.empty();
    case HeaderId::tracestate:
      return !context.keep_tracestate;
    default:
      return false;
  }
}

void copy_request_fields(const RequestHead& head, const UpstreamHeadContext& context,
                         HeadBuffer& out) {
  LineCopier copier(head.base, out);
  for (const Field& field : head.fields) {
    if (field.dropped || replaced(field, context)) continue;
    if (rewritten(context, field.id, head.name(field))) continue;
    if (field.id == HeaderId::host && context.rewrite != nullptr &&
        !context.rewrite->host.empty()) {
      copier.write(field, context.rewrite->host);
    } else if (field.canonical && !(field.id == HeaderId::host && head.absolute_form)) {
      copier.keep(field);
    } else if (field.id == HeaderId::host) {
      copier.write(field, head.host());
    } else if (field.id == HeaderId::transfer_encoding) {
      copier.write(field, "chunked");
    } else if (field.id == HeaderId::content_length) {
      copier.write_number(field, head.content_length);
    } else {
      copier.keep(field);
    }
  }
}

// Is a line of that kind sent on?
bool has_kept(const RequestHead& head, HeaderId id) {
  if (!head.fields.has(id)) return false;
  for (const Field& field : head.fields) {
    if (field.id == id && !field.dropped) return true;
  }
  return false;
}

// The values of all kept lines of that kind as one list, open for one more member.
void join_lines(const RequestHead& head, HeaderId id, HeadBuffer& out) {
  if (!head.fields.has(id)) return;
  for (const Field& field : head.fields) {
    if (field.id != id || field.dropped || field.value_size == 0) continue;
    out.append(head.value(field));
    out.append(", ");
  }
}

void add_forwarded_for(const RequestHead& head, std::string_view client_ip, HeadBuffer& out) {
  if (client_ip.empty()) return;
  out.append("X-Forwarded-For: ");
  join_lines(head, HeaderId::x_forwarded_for, out);
  out.append(client_ip);
  out.append("\r\n");
}

// RFC 7239 §4. A host needs quotes for its port's colon; its grammar has nothing to be escaped.
void add_forwarded(const RequestHead& head, const UpstreamHeadContext& context, HeadBuffer& out) {
  if (context.client_ip.empty()) return;
  out.append("Forwarded: ");
  join_lines(head, HeaderId::forwarded, out);
  const bool ipv6 = context.client_ip.find(':') != std::string_view::npos;
  out.append(ipv6 ? "for=\"[" : "for=");
  out.append(context.client_ip);
  if (ipv6) out.append("]\"");
  if (head.host_size > 0) {
    out.append(";host=\"");
    out.append(head.host());
    out.append('"');
  }
  if (!context.scheme.empty()) {
    out.append(";proto=");
    out.append(context.scheme);
  }
  out.append("\r\n");
}

void add_hop_fields(const RequestHead& head, const UpstreamHeadContext& context, HeadBuffer& out) {
  if (context.x_forwarded == HopField::add) {
    if (!rewritten(context, HeaderId::x_forwarded_for)) {
      add_forwarded_for(head, context.client_ip, out);
    }
    if (!context.scheme.empty() && !has_kept(head, HeaderId::x_forwarded_proto) &&
        !rewritten(context, HeaderId::x_forwarded_proto)) {
      write_line("X-Forwarded-Proto: ", context.scheme, out);
    }
    if (head.host_size > 0 && !has_kept(head, HeaderId::x_forwarded_host) &&
        !rewritten(context, HeaderId::x_forwarded_host)) {
      write_line("X-Forwarded-Host: ", head.host(), out);
    }
  }
  if (rewritten(context, HeaderId::forwarded)) return;
  if (context.forwarded == HopField::add ||
      (context.forwarded == HopField::append_if_present && has_kept(head, HeaderId::forwarded))) {
    add_forwarded(head, context, out);
  }
}

void add_own_fields(const RequestHead& head, const UpstreamHeadContext& context, HeadBuffer& out) {
  add_hop_fields(head, context, out);
  if (!context.request_id.empty() && !rewritten(context, HeaderId::x_request_id)) {
    write_line("X-Request-Id: ", context.request_id, out);
  }
  if (!context.traceparent.empty() && !rewritten(context, HeaderId::traceparent)) {
    write_line("traceparent: ", context.traceparent, out);
  }
  if (head.upgrade) {
    out.append("Connection: upgrade\r\n");
  } else if (head.accepts_trailers) {
    out.append("TE: trailers\r\nConnection: TE\r\n");
  }
}

void add_rewritten_fields(const Rewrite& rewrite, HeadBuffer& out) {
  for (const Rewrite::Line& line : rewrite.added()) {
    out.append(line.name);
    write_line(": ", line.value, out);
  }
}

void write_target(const RequestHead& head, const Rewrite* rewrite, HeadBuffer& out) {
  const std::string_view target = head.target();
  if (rewrite != nullptr) return rewrite->append_target(target, head.path(), out);
  if (target.front() == '?') out.append('/');
  out.append(target);
}

std::string_view host_for(const RequestHead& head, const UpstreamHeadContext& context) {
  if (context.rewrite != nullptr && !context.rewrite->host.empty()) return context.rewrite->host;
  return head.host_size > 0 ? head.host() : context.default_host;
}

// May the line stand in the message as it goes to the client?
bool kept(const Field& field, const ResponseHead& head, const DownstreamHeadContext& context) {
  if (field.dropped) return false;
  switch (field.id) {
    case HeaderId::content_length:
      return context.framing == Framing::none ||
             (context.framing == Framing::length && head.framing == Framing::length &&
              head.content_length == context.content_length);
    case HeaderId::transfer_encoding:
      return context.client_minor_version >= 1 &&
             (context.framing == Framing::none || context.framing == Framing::chunked);
    case HeaderId::trailer:
      return context.framing == Framing::chunked;
    case HeaderId::upgrade:
      return context.client_minor_version >= 1;
    default:
      return true;
  }
}

void write_status_line(const ResponseHead& head, HeadBuffer& out) {
  const auto digit = [](int number) { return static_cast<char>('0' + number % 10); };
  const char status[] = {digit(head.status / 100), digit(head.status / 10), digit(head.status),
                         ' '};
  out.append("HTTP/1.1 ");
  out.append({status, sizeof status});
  out.append(head.reason());
  out.append("\r\n");
}

struct CopiedFields {
  bool framing = false;
  bool upgrade = false;
};

CopiedFields copy_response_fields(const ResponseHead& head, const DownstreamHeadContext& context,
                                  HeadBuffer& out) {
  CopiedFields copied;
  LineCopier copier(head.base, out);
  const bool maps_back = context.back_map.is_needed();
  for (const Field& field : head.fields) {
    if (!kept(field, head, context)) continue;
    const PlaceField place = maps_back ? place_field(field.id, head.name(field)) : PlaceField::none;
    if (place != PlaceField::none) {
      copier.write_mapped(field, place, context.back_map);
    } else if (field.id == HeaderId::content_length) {
      copied.framing = true;
      // Not head.content_length: a response to HEAD has a length but no framing.
      std::string_view digits = head.value(field);
      while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
      field.canonical ? copier.keep(field) : copier.write(field, digits);
    } else if (field.id == HeaderId::transfer_encoding) {
      copied.framing = true;
      field.canonical ? copier.keep(field) : copier.write(field, "chunked");
    } else {
      copied.upgrade = copied.upgrade || field.id == HeaderId::upgrade;
      copier.keep(field);
    }
  }
  return copied;
}

void write_connection(const DownstreamHeadContext& context, const CopiedFields& copied,
                      HeadBuffer& out) {
  if (context.close) {
    out.append(copied.upgrade ? "Connection: upgrade, close\r\n" : "Connection: close\r\n");
  } else if (copied.upgrade) {
    out.append("Connection: upgrade\r\n");
  } else if (context.client_minor_version == 0) {
    out.append("Connection: keep-alive\r\n");
  }
}

}  // namespace

std::string_view client_request_id(const RequestHead& head) {
  std::string_view id;
  if (!head.fields.has(HeaderId::x_request_id)) return id;
  for (const Field& field : head.fields) {
    if (field.id != HeaderId::x_request_id) continue;
    if (!id.empty()) return {};
    id = head.value(field);
    if (id.empty() || id.size() > kMaxRequestId) return {};
    for (const char c : id) {
      if (c <= 0x20 || c >= 0x7f) return {};
    }
  }
  return id;
}

std::string_view client_traceparent(const RequestHead& head) {
  if (!head.fields.has(HeaderId::traceparent)) return {};
  const Field* only = nullptr;
  for (const Field& field : head.fields) {
    if (field.id != HeaderId::traceparent) continue;
    if (only != nullptr) return {};
    only = &field;
  }
  return head.value(*only);
}

void write_upstream_head(const RequestHead& head, const UpstreamHeadContext& context,
                         HeadBuffer& out) {
  out.reserve(out.size() + head.size + 512);
  out.append(head.method_text());
  out.append(' ');
  write_target(head, context.rewrite, out);
  out.append(" HTTP/1.1\r\n");
  if (!head.fields.has(HeaderId::host)) write_line("Host: ", host_for(head, context), out);
  copy_request_fields(head, context, out);
  add_own_fields(head, context, out);
  if (context.rewrite != nullptr) add_rewritten_fields(*context.rewrite, out);
  out.append("\r\n");
}

void write_downstream_head(const ResponseHead& head, const DownstreamHeadContext& context,
                           HeadBuffer& out) {
  out.reserve(out.size() + head.size + 256);
  write_status_line(head, out);
  const CopiedFields copied = copy_response_fields(head, context, out);
  if (!copied.framing && context.framing == Framing::length) {
    write_length(context.content_length, out);
  } else if (!copied.framing && context.framing == Framing::chunked) {
    out.append("Transfer-Encoding: chunked\r\n");
  }
  if (!context.set_cookie.empty()) write_line("Set-Cookie: ", context.set_cookie, out);
  if (!context.set_pin.empty()) write_line("Set-Cookie: ", context.set_pin, out);
  if (!head.interim()) write_connection(context, copied, out);
  out.append("\r\n");
}

}  // namespace ficus::proxy::http
