#pragma once

#include <string_view>

#include "proxy/http/head_fields.h"

namespace ficus::proxy::http {

// The value of the first field of that kind, or empty.
inline std::string_view first_value(const char* base, const FieldList& fields, HeaderId id) {
  if (!fields.has(id)) return {};
  for (const Field& field : fields) {
    if (field.id == id) return {base + field.value_at, field.value_size};
  }
  return {};
}

// The first field of that name, or null.
inline const Field* find_field(const char* base, const FieldList& fields, std::string_view name) {
  for (const Field& field : fields) {
    if (equals_ignoring_case({base + field.name_at, field.name_size}, name)) return &field;
  }
  return nullptr;
}

}  // namespace ficus::proxy::http
