-- A Wireshark dissector for FastForward frames over UDP (docs/protocol.md, version 1).
-- How to use it: docs/operations.md, "Captures".
--
-- The first section is the format: a list of fields is in the order of their bytes, and a number in it stands for that
-- many reserved ones. No bytes are read before their length was checked.

local ff = Proto("fastforward", "FastForward")

local VERSION = 1
local COMMON_HEADER, DATA_HEADER, ELEMENT_HEADER = 8, 20, 4
local CRYPTO_OVERHEAD, HASH, TAG = 40, 16, 16
local MAX_RELIABLE, MAX_REAL_TIME = 65536, 1100
local MAX_ACK_BITMAP = 16 * 8
local AGE_UNIT = 64
local FIRST_SIZE_PROBE, FIRST_PING = 2 ^ 30, 2 ^ 31

local REJECT_REASONS = {
  [2] = "wrong node", [3] = "key required", [4] = "key unknown", [5] = "node id conflict", [6] = "busy",
  [7] = "stopping", [8] = "wrong source", [9] = "version", [10] = "unsupported", [11] = "wrong proof",
  [12] = "cipher unsupported",
}
local SUITES = { [1] = "Noise_NNpsk0_25519_AESGCM_SHA256", [2] = "Noise_NNpsk0_25519_ChaChaPoly_SHA256" }
local CLOSE_REASONS = {
  [1] = "stopping", [2] = "redundant", [3] = "route changed", [4] = "superseded", [5] = "protocol violation",
}
local CLOSE_SCOPES = { [0] = "association", [1] = "path" }

local HANDSHAKE = {
  "sender_index", "key_id", "from", "to", "incarnation", "peer_incarnation", "capabilities", "epoch", "timestamp",
  "crypto_length", "probe_interval", 4,
}

-- After the common header.
local FRAMES = {
  [1] = { name = "INIT", layout = HANDSHAKE },
  [2] = { name = "RESPONSE", layout = HANDSHAKE },
  [3] = { name = "CONFIRM", layout = HANDSHAKE },
  [4] = { name = "DATA", layout = { "packet_number", "timestamp" } },
  [5] = { name = "REJECT", layout = {
    "from", "to", "incarnation", "reject.reason", "reject.version", 1, "reject.features",
  } },
  [6] = { name = "COOKIE", layout = { "incarnation", 32 } },
}

-- After the header of an element; what follows the layout is read by a function (READ_ELEMENT).
local ELEMENTS = {
  [0] = { name = "PADDING", layout = {} },
  [1] = {
    name = "MESSAGE", layout = { "stream", "sequence" },
    flags = {
      "message.begin", "message.end", "message.real_time", "message.fragment", "message.more", "message.mark",
      "message.repeat", "message.second",
    },
  },
  [2] = { name = "STREAM_ACK", layout = { "stream", "next", "credit.used", "credit.limit" } },
  [3] = { name = "CREDIT", layout = { "credit.limit" } },
  [4] = { name = "PROBE", layout = { "probe.id" }, flags = { "probe.preferred" } },
  [5] = { name = "PROBE_REPLY", layout = { "probe.id", "probe.hold" } },
  [6] = { name = "CLOSE", layout = { "close.scope", 1, "close.reason" } },
  [7] = { name = "STREAM_RESET", layout = { "stream", "sequence", "reset.code" } },
  [8] = { name = "STREAM_REFUSED", layout = { "stream", "next", "credit.used" } },
  [9] = { name = "ACK", layout = { "ack.largest", "ack.delay" }, flags = { "ack.asks" } },
  [10] = { name = "TRANSIT_REPORT", layout = { "transit.base", "transit.median", "transit.q95", "transit.q99", 2 } },
  [16] = { name = "PATH_CHALLENGE", layout = { "path.nonce" }, flags = { "path.same_path" } },
  [17] = {
    name = "PATH_RESPONSE", layout = { "path.nonce", "path.sender_receives", "path.receiver_receives" },
    flags = { "path.same_path" },
  },
}

---------------------------------------------------------------------------------------------------------------- fields

local f, size, unit = {}, {}, {}

local function name_of(names, value)
  local name = names[value]
  return type(name) == "table" and name.name or name or string.format("unknown %d", value)
end

local function names_of(definitions)
  local names = {}
  for value, definition in pairs(definitions) do names[value] = definition.name end
  return names
end

-- A little-endian number. Its filter is "fastforward." and the name.
local function number(name, bytes, label, display, strings)
  size[name] = bytes
  f[name] = ProtoField["uint" .. 8 * bytes]("fastforward." .. name, label, display or base.DEC, strings)
end

-- A time in 16 bits, which is shown in microseconds.
local function time(name, label)
  number(name, 2, label)
  f[name] = ProtoField.uint32("fastforward." .. name, label, base.DEC + base.UNIT_STRING, { " us" })
  unit[name] = AGE_UNIT
end

local function flag(name, mask, label)
  f[name] = ProtoField.bool("fastforward." .. name, label, 8, nil, mask)
end

local function other(name, kind, label)
  f[name] = ProtoField[kind]("fastforward." .. name, label)
end

local UNIT = base.DEC + base.UNIT_STRING
local MICROSECONDS, MILLISECONDS, BYTES = { " us" }, { " ms" }, { " bytes" }

number("version", 1, "Version")
number("type", 1, "Type", base.DEC, names_of(FRAMES))
number("generation", 1, "Generation of the keys")
number("receiver_index", 4, "Receiver index", base.HEX)
number("sender_index", 4, "Sender index", base.HEX)
number("key_id", 4, "Key id")
number("from", 4, "From node")
number("to", 4, "To node")
number("incarnation", 8, "Incarnation", base.HEX)
number("peer_incarnation", 8, "Incarnation of the receiver", base.HEX)
number("capabilities", 8, "Capabilities", base.HEX)
number("epoch", 4, "Epoch")
number("timestamp", 4, "Timestamp", UNIT, MICROSECONDS)
number("crypto_length", 2, "Length of the cryptographic block", UNIT, BYTES)
number("crypto.suite", 1, "Suite", base.DEC, SUITES)
number("probe_interval", 2, "Interval of probes", UNIT, MILLISECONDS)
number("reject.reason", 2, "Reason", base.DEC, REJECT_REASONS)
number("reject.version", 1, "Highest version of the sender")
number("reject.features", 4, "Required capabilities that the sender does not know", base.HEX)
number("packet_number", 8, "Packet number")
number("element.type", 1, "Type", base.DEC, names_of(ELEMENTS))
number("element.flags", 1, "Flags", base.HEX)
number("element.length", 2, "Length", UNIT, BYTES)
number("stream", 8, "Stream", base.HEX)
number("stream.service", 2, "Service", base.HEX)
number("stream.number", 8, "Number")
number("sequence", 4, "Sequence")
number("message.budget", 2, "Latency budget", UNIT, MILLISECONDS)
time("message.age", "Age when written")
number("message.offset", 2, "Offset in the message", UNIT, BYTES)
number("message.length", 2, "Length of the payload", UNIT, BYTES)
number("next", 4, "Next expected sequence")
number("credit.used", 4, "Credit used on the stream, as the receiver counts it")
number("credit.limit", 8, "Credit limit")
number("probe.id", 4, "Probe id")
number("probe.hold", 4, "Held back", UNIT, MICROSECONDS)
number("close.scope", 1, "Ends", base.DEC, CLOSE_SCOPES)
number("close.reason", 2, "Reason", base.DEC, CLOSE_REASONS)
number("reset.code", 4, "Code")
number("ack.largest", 8, "Highest packet number")
number("ack.delay", 4, "Time since its arrival", UNIT, MICROSECONDS)
number("ack.first", 8, "First packet number")
number("ack.last", 8, "Last packet number")
number("ack.missing", 4, "Packets missing between")
number("transit.base", 4, "Base transit, of which only changes count", UNIT, MICROSECONDS)
time("transit.median", "Beyond the base, median")
time("transit.q95", "Beyond the base, 95 %")
time("transit.q99", "Beyond the base, 99 %")
number("path.nonce", 8, "Nonce", base.HEX)
number("path.sender_receives", 4, "Index of frames to the sender of this element", base.HEX)
number("path.receiver_receives", 4, "Index of frames to the receiver of this element", base.HEX)

flag("message.begin", 1, "Begin: the first message of the stream")
flag("message.end", 2, "End: the last sequence of the stream")
flag("message.real_time", 4, "Real-time")
flag("message.fragment", 8, "Fragment: a part of a message")
flag("message.more", 16, "More parts follow")
flag("message.mark", 32, "Mark: there is no message at this sequence")
flag("message.repeat", 64, "Repeat: it was sent before")
flag("message.second", 128, "Second: it is sent on another path, too")
flag("probe.preferred", 1, "The sender would get its messages on this path")
flag("ack.asks", 1, "Asks for an acknowledgement itself")
flag("crypto.sealed", 1, "Frames are sealed")
flag("path.same_path", 1, "The nonce returns on the same path")

other("crypto", "bytes", "Cryptographic block")
other("cookie", "bytes", "Cookie")
other("crypto.message", "bytes", "Message of the suite")
other("hash", "bytes", "Keyed hash of the frame")
other("sealed", "bytes", "Sealed elements")
other("tag", "bytes", "Tag")
other("frame", "none", "Frame")
other("element", "none", "Element")
other("element.content", "bytes", "Content")
other("element.further", "bytes", "Bytes beyond the known fields")
other("further", "bytes", "Bytes after the frame")
other("message.payload", "bytes", "Payload")
other("ack.bitmap", "bytes", "Bitmap")
other("ack.range", "none", "Packets that have arrived")

ff.fields = f

local function length_of(layout)
  local bytes = 0
  for _, name in ipairs(layout) do
    bytes = bytes + (type(name) == "number" and name or size[name])
  end
  return bytes
end

for _, frame in pairs(FRAMES) do frame.length = COMMON_HEADER + length_of(frame.layout or {}) end
for _, element in pairs(ELEMENTS) do element.length = length_of(element.layout) end

--------------------------------------------------------------------------------------------------------------- experts

local x = {}

local function event(name, group, severity, label)
  x[name] = ProtoExpert.new("fastforward." .. name, label, expert.group[group], expert.severity[severity])
end

-- The session drops what these are about, and counts it as malformed.
event("malformed.frame", "MALFORMED", "ERROR", "The frame is malformed")
event("malformed.element", "MALFORMED", "ERROR", "The element is malformed")
event("unknown.version", "UNDECODED", "WARN", "A frame of another version")
event("unknown.frame", "UNDECODED", "WARN", "A frame of an unknown type")
event("unknown.element", "UNDECODED", "NOTE", "An element of an unknown type")
event("cut", "UNDECODED", "NOTE", "The capture contains only a part of the frame")
event("rejected", "RESPONSE_CODE", "WARN", "A handshake was rejected")
event("closed", "SEQUENCE", "NOTE", "A path or an association was closed")
event("stream_failed", "SEQUENCE", "NOTE", "A stream was reset or refused")
event("missing", "SEQUENCE", "CHAT", "Packets are missing")

ff.experts = x

--------------------------------------------------------------------------------------------------------------- reading

-- Adds a field, and returns its value and item.
local function add(tree, tvb, name, at)
  local range = tvb(at, size[name])
  if unit[name] then
    local value = range:le_uint() * unit[name]
    return value, tree:add(f[name], range, value)
  end
  local item = tree:add_le(f[name], range)
  if name == "stream" then
    -- What actors and the asynchronous client of the project make of the 64 bits.
    item:add_le(f["stream.service"], tvb(at + 6, 2))
    item:add_le(f["stream.number"], tvb(at, 6), tvb(at, 6):le_uint64())
  end
  if size[name] == 8 then return range:le_uint64(), item end
  return range:le_uint(), item
end

-- Adds fields that follow each other, and returns their values by name.
local function add_all(tree, tvb, layout, at)
  local v = {}
  for _, name in ipairs(layout) do
    if type(name) == "number" then
      at = at + name
    else
      v[name] = add(tree, tvb, name, at)
      at = at + size[name]
    end
  end
  return v
end

local function is_zero(value)
  return value == 0 or tostring(value) == "0"
end

local function has(bits, mask)
  return math.floor(bits / mask) % 2 == 1
end

-- Service and number.
local function stream_of(v)
  local id = v.stream
  return string.format("0x%04x/%s", math.floor(id:higher() / 65536), tostring(id % UInt64.new(0, 65536)))
end

local function bad(item, text)
  item:add_proto_expert_info(x["malformed.element"], text)
end

-------------------------------------------------------------------------------------------------------------- elements

-- What is special about a MESSAGE: the rules are those of MessageElement.TryRead.
local function message(item, tvb, v, at, finish)
  local bits = v.flags
  local real_time, fragment, mark = has(bits, 4), has(bits, 8), has(bits, 32)
  local text = string.format("%s seq %d", stream_of(v), v.sequence)
  if has(bits, 1) then text = text .. " BEGIN" end
  if has(bits, 2) then text = text .. " END" end
  if mark then text = text .. " MARK" end
  if real_time then text = text .. " real-time" end
  if has(bits, 64) then text = text .. " REPEAT" end
  if has(bits, 128) then text = text .. " SECOND" end
  if real_time and fragment then
    bad(item, "REALTIME and FRAGMENT together")
    return text, at
  end
  if has(bits, 16) and not fragment then bad(item, "MORE without FRAGMENT") end
  if (real_time or fragment) and finish - at < 4 then
    bad(item, "The element is too short for its flags")
    return text, at
  end
  local offset
  if real_time then
    add(item, tvb, "message.budget", at)
    local age = add(item, tvb, "message.age", at + 2)
    text = string.format("%s, age %.1f ms", text, age / 1000)
    at = at + 4
  elseif fragment then
    offset = add(item, tvb, "message.offset", at)
    at = at + 4
  end
  local bytes = finish - at
  if not mark then
    item:add(f["message.length"], tvb(at, bytes), bytes):set_generated()
    if bytes > 0 then item:add(f["message.payload"], tvb(at, bytes)) end
  end
  if offset then
    text = string.format("%s, %d bytes at %d%s", text, bytes, offset, has(bits, 16) and "" or ", the last part")
    if offset + bytes > MAX_RELIABLE then bad(item, "A part beyond the longest message") end
  elseif not mark then
    text = string.format("%s, %d bytes", text, bytes)
  end
  if mark and (fragment or bytes > 0 or not has(bits, 2)) then
    bad(item, "MARK with FRAGMENT, with payload, or without END")
  end
  if real_time and bytes > MAX_REAL_TIME then bad(item, "A real-time message beyond 1100 bytes") end
  return text, finish
end

-- The packets that arrived as ranges, from the highest down.
local function acknowledgement(item, tvb, v, at, finish)
  local largest = v["ack.largest"]
  local bytes = math.min(finish - at, MAX_ACK_BITMAP)
  local bits = 8 * bytes
  if largest:higher() == 0 then bits = math.min(bits, largest:lower()) end -- there is nothing below 0
  if bytes > 0 then item:add(f["ack.bitmap"], tvb(at, bytes)) end
  local source = tvb(at, bytes)
  local arrived, lowest, from = 0, 0, 0 -- from: where the current range begins, in packets below the highest
  local function end_range(to)
    local first, last = largest - to, largest - from
    local range = item:add(f["ack.range"], source)
    range:set_text(from == to and "Arrived: " .. tostring(last) or
      string.format("Arrived: %s to %s", tostring(first), tostring(last)))
    range:add(f["ack.first"], source, first):set_generated()
    range:add(f["ack.last"], source, last):set_generated()
    from = nil
  end
  for i = 1, bits do
    if has(tvb(at + math.floor((i - 1) / 8), 1):uint(), 2 ^ ((i - 1) % 8)) then
      from, lowest, arrived = from or i, i, arrived + 1
    elseif from then
      end_range(i - 1)
    end
  end
  if from then end_range(bits) end
  local missing = lowest - arrived
  item:add(f["ack.missing"], source, missing):set_generated()
  local text = tostring(largest)
  if lowest > 0 then text = string.format("%s to %s", tostring(largest - lowest), text) end
  if missing > 0 then
    text = string.format("%s (%d missing)", text, missing)
    item:add_proto_expert_info(x.missing, string.format("%d packets missing between those that arrived", missing))
  end
  if has(v.flags, 1) then text = text .. " asks" end
  return text, at + bytes
end

local function probe(_, _, v)
  local id = v["probe.id"]
  local purpose = id >= FIRST_PING and "ping" or id >= FIRST_SIZE_PROBE and "size" or "path"
  local hold = v["probe.hold"]
  local preferred = not hold and has(v.flags, 1) and ", preferred" or ""
  return string.format("%d (%s)%s%s", id, purpose, hold and string.format(", held %d us", hold) or "", preferred)
end

local function transit(_, _, v)
  return string.format("median %.1f ms, 95 %% %.1f ms, 99 %% %.1f ms beyond the base", v["transit.median"] / 1000,
    v["transit.q95"] / 1000, v["transit.q99"] / 1000)
end

local function close(item, _, v)
  local text = string.format("%s, %s", v["close.scope"] == 0 and "association" or "path",
    name_of(CLOSE_REASONS, v["close.reason"]))
  item:add_proto_expert_info(x.closed, "Closed: " .. text)
  return text
end

local function reset(item, _, v)
  local text = string.format("%s seq %d code %d", stream_of(v), v.sequence, v["reset.code"])
  item:add_proto_expert_info(x.stream_failed, "Stream reset: " .. text)
  return text
end

local function refused(item, _, v)
  local text = string.format("%s from seq %d", stream_of(v), v.next)
  item:add_proto_expert_info(x.stream_failed, "Stream refused: " .. text)
  return text
end

-- Each adds what does not follow from the layout; it returns a text, and where the known fields end if that is later.
local READ_ELEMENT = {
  [1] = message,
  [2] = function(_, _, v)
    return string.format("%s next %d, limit %s", stream_of(v), v.next, tostring(v["credit.limit"]))
  end,
  [3] = function(_, _, v) return tostring(v["credit.limit"]) end,
  [4] = probe,
  [5] = probe,
  [6] = close,
  [7] = reset,
  [8] = refused,
  [9] = acknowledgement,
  [10] = transit,
}

-- Adds the element at a place where its header and content are within the frame.
local function add_element(tree, tvb, at, finish)
  local kind = tvb(at, 1):uint()
  local element = ELEMENTS[kind]
  local name = name_of(ELEMENTS, kind)
  local item = tree:add(f.element, tvb(at, finish - at))
  add(item, tvb, "element.type", at)
  local bits, flags = add(item, tvb, "element.flags", at + 1)
  for _, bit in ipairs(element and element.flags or {}) do
    flags:add(f[bit], tvb(at + 1, 1))
  end
  add(item, tvb, "element.length", at + 2)
  local body = at + ELEMENT_HEADER
  local text, known = nil, body
  if not element then
    item:add_proto_expert_info(x["unknown.element"], "Element of unknown type " .. kind)
  elseif finish - body < element.length then
    bad(item, name .. " is too short")
    text = "(too short)"
  else
    local v = add_all(item, tvb, element.layout, body)
    known = body + element.length
    v.flags = bits
    if READ_ELEMENT[kind] then
      local reached
      text, reached = READ_ELEMENT[kind](item, tvb, v, known, finish)
      known = reached or known
    end
  end
  if known < finish then
    item:add(f[known == body and "element.content" or "element.further"], tvb(known, finish - known))
  end
  text = text and name .. " " .. text or name
  item:set_text(text)
  return text
end

---------------------------------------------------------------------------------------------------------------- frames

-- Which nodes a receiver index stands for, as the handshakes of the capture said.
local paths = {}

function ff.init()
  paths = {}
end

-- A known type with a reserved field of 0, as every sender writes it.
local function is_header(tvb, at, finish)
  if finish - at < COMMON_HEADER or tvb(at, 1):uint() ~= VERSION or tvb(at + 3, 1):uint() ~= 0 then return false end
  local frame = FRAMES[tvb(at + 1, 1):uint()]
  return frame and frame.layout and finish - at >= frame.length
end

-- Frames that were sent together may be captured as one datagram, before the kernel has cut it apart (UDP_SEGMENT). No
-- element begins like the header of a DATA frame: it would be a real-time MESSAGE without content.
local function is_next_of_run(tvb, at, start, finish)
  return is_header(tvb, at, finish) and tvb(at + 1, 1):uint() == 4
    and tvb(at + 2, 6):bytes() == tvb(start + 2, 6):bytes()
end

-- Returns where the frame ends, and texts of its elements.
local function add_elements(tree, tvb, start, finish)
  local at, texts = start + DATA_HEADER, {}
  while at < finish do
    if tvb(at, 1):uint() == 0 then
      local from = at
      while at < finish and tvb(at, 1):uint() == 0 do at = at + 1 end
      local item = tree:add(f.element, tvb(from, at - from))
      add(item, tvb, "element.type", from)
      texts[#texts + 1] = string.format("PADDING %d bytes", at - from)
      item:set_text(texts[#texts])
    elseif is_next_of_run(tvb, at, start, finish) then
      break
    else
      local length = finish - at >= ELEMENT_HEADER and tvb(at + 2, 2):le_uint()
      if not length or length > finish - at - ELEMENT_HEADER then
        local name = name_of(ELEMENTS, tvb(at, 1):uint())
        local item = tree:add(f.element, tvb(at, finish - at))
        add(item, tvb, "element.type", at)
        texts[#texts + 1] = name .. " (beyond the end)"
        item:set_text(texts[#texts])
        return finish, texts, item
      end
      texts[#texts + 1] = add_element(tree, tvb, at, at + ELEMENT_HEADER + length)
      at = at + ELEMENT_HEADER + length
    end
  end
  return at, texts
end

local function nodes(from, to)
  return string.format("%d > %d", from, to)
end

local function data(tree, item, tvb, v, start, finish, is_cut)
  local path = paths[v.receiver_index]
  if path then
    tree:add(f.from, tvb(start + 4, 4), path.from):set_generated()
    tree:add(f.to, tvb(start + 4, 4), path.to):set_generated()
  end
  local text = string.format("%s #%s", path and nodes(path.from, path.to) or
    string.format("to index 0x%08x", v.receiver_index), tostring(v.packet_number))
  local content = finish - start - DATA_HEADER - TAG
  if path and path.sealed and content >= 0 then
    -- Where one sealed frame of a run ends is not to be seen.
    tree:add(f.sealed, tvb(start + DATA_HEADER, content))
    tree:add(f.tag, tvb(finish - TAG, TAG))
    return string.format("%s: %d sealed bytes", text, content), finish
  end
  local reached, texts, broken = add_elements(tree, tvb, start, finish)
  if broken and not is_cut then bad(broken, "The element extends beyond the end of the frame") end
  if #texts > 0 then text = text .. ": " .. table.concat(texts, ", ") end
  return text, reached
end

local function handshake(tree, item, tvb, v, start, finish, is_cut)
  local kind, length = v.type, v.crypto_length
  local text = string.format("%s epoch %d", nodes(v.from, v.to), v.epoch)
  local after = start + FRAMES[kind].length
  if length > finish - after then
    if not is_cut then item:add_proto_expert_info(x["malformed.frame"], "The cryptographic block is too long") end
    length = math.min(length, finish - after)
  end
  local sealed = false
  if length > 0 then
    local block = tree:add(f.crypto, tvb(after, length))
    if v.key_id ~= 0 and length >= CRYPTO_OVERHEAD then
      add(block, tvb, "crypto.suite", after)
      block:add(f["crypto.sealed"], tvb(after + 1, 1))
      sealed = has(tvb(after + 1, 1):uint(), 1)
      block:add(f.cookie, tvb(after + 8, HASH))
      block:add(f["crypto.message"], tvb(after + 24, length - CRYPTO_OVERHEAD))
      block:add(f.hash, tvb(after + length - HASH, HASH))
    end
    text = string.format("%s key %d", text, v.key_id)
  end
  for _, name in ipairs({ "sender_index", "from", "incarnation", "epoch" }) do
    if is_zero(v[name]) then item:add_proto_expert_info(x["malformed.frame"], name .. " is 0") end
  end
  -- The RESPONSE decides, of which the CONFIRM says the same.
  sealed = kind ~= 1 and sealed
  if v.generation ~= 0 then return string.format("%s, generation %d", text, v.generation), after + length end
  paths[v.sender_index] = { from = v.to, to = v.from, sealed = sealed }
  if kind ~= 1 then paths[v.receiver_index] = { from = v.from, to = v.to, sealed = sealed } end
  return text, after + length
end

local function reject(_, item, _, v, start)
  local reason = name_of(REJECT_REASONS, v["reject.reason"])
  if v["reject.reason"] == 9 then reason = string.format("%s: it speaks %d", reason, v["reject.version"]) end
  if v["reject.reason"] == 10 then reason = string.format("%s: 0x%08x", reason, v["reject.features"]) end
  item:add_proto_expert_info(x.rejected, "Handshake rejected: " .. reason)
  return string.format("%s %s", nodes(v.from, v.to), reason), start + FRAMES[5].length
end

local function cookie(tree, _, tvb, v, start)
  tree:add(f.cookie, tvb(start + 16, HASH))
  tree:add(f.hash, tvb(start + 32, HASH))
  return string.format("to index 0x%08x", v.receiver_index), start + FRAMES[6].length
end

local READ_FRAME = { handshake, handshake, handshake, data, reject, cookie }

-- Adds one frame of a datagram; returns a text, and where the next frame would begin.
local function add_frame(tree, tvb, start, finish, is_cut)
  local item = tree:add(f.frame, tvb(start, finish - start))
  if finish - start < COMMON_HEADER then
    item:set_text("Too short")
    if is_cut then return "too short", finish end
    item:add_proto_expert_info(x["malformed.frame"], "The frame is too short for its header")
    return "malformed: too short", finish
  end
  if add(item, tvb, "version", start) ~= VERSION then
    item:add_proto_expert_info(x["unknown.version"])
    return "unknown version " .. tvb(start, 1):uint(), finish
  end
  local kind = add(item, tvb, "type", start + 1)
  local frame = FRAMES[kind]
  local generation = add(item, tvb, "generation", start + 2)
  local index = add(item, tvb, "receiver_index", start + 4)
  local name = name_of(FRAMES, kind)
  item:set_text(name)
  if not (frame and frame.layout) then
    item:add_proto_expert_info(x["unknown.frame"], "A frame of type " .. kind)
    return name, finish
  end
  if finish - start < frame.length then
    if is_cut then return name, finish end
    item:add_proto_expert_info(x["malformed.frame"], name .. " is too short")
    return name .. " (malformed: too short)", finish
  end
  local v = add_all(item, tvb, frame.layout, start + COMMON_HEADER)
  v.type, v.generation, v.receiver_index = kind, generation, index
  local text, reached = READ_FRAME[kind](item, item, tvb, v, start, finish, is_cut)
  item:set_len(reached - start)
  text = name .. " " .. text
  item:set_text(text)
  return text, reached
end

local function dissect(tvb, pinfo, root)
  local finish = tvb:captured_len()
  local is_cut = tvb:reported_len() > finish
  pinfo.cols.protocol = "FastForward"
  local tree = root:add(ff, tvb())
  local texts, at = {}, 0
  repeat
    local text
    text, at = add_frame(tree, tvb, at, finish, is_cut)
    texts[#texts + 1] = text
  until not is_header(tvb, at, finish)
  if at < finish then tree:add(f.further, tvb(at, finish - at)) end
  if is_cut then tree:add_proto_expert_info(x.cut) end
  local info = table.concat(texts, " | ")
  pinfo.cols.info = info
  if #texts == 1 then tree:append_text(", " .. info) else tree:append_text(", " .. #texts .. " frames") end
  return finish
end

ff.dissector = dissect

------------------------------------------------------------------------------------------------------------------ ports

-- Whether the elements follow each other to the end of the frame, or to the next frame of a run.
local function has_elements(tvb, finish)
  local at, known = DATA_HEADER, false
  while at < finish do
    local kind = tvb(at, 1):uint()
    if kind == 0 then
      at = at + 1
    elseif known and is_next_of_run(tvb, at, 0, finish) then
      return true
    else
      known = known or ELEMENTS[kind] ~= nil
      if not known or finish - at < ELEMENT_HEADER then return false end
      at = at + ELEMENT_HEADER + tvb(at + 2, 2):le_uint()
    end
  end
  return known and at == finish
end

-- A datagram to any port that can hardly be something else.
local function guess(tvb, pinfo, root)
  local finish = tvb:captured_len()
  if tvb:reported_len() > finish or not is_header(tvb, 0, finish) then return false end
  local kind = tvb(1, 1):uint()
  local plausible
  if kind == 4 then
    local path = paths[tvb(4, 4):le_uint()]
    plausible = has_elements(tvb, finish) or (path and path.sealed and finish >= DATA_HEADER + TAG)
  elseif kind == 5 then
    plausible = finish == FRAMES[5].length and REJECT_REASONS[tvb(24, 2):le_uint()] ~= nil
  elseif kind == 6 then
    plausible = finish == FRAMES[6].length and tvb(4, 4):uint() ~= 0
  else
    plausible = (kind == 1 and tvb(2, 1):uint() == 0) == (tvb(4, 4):uint() == 0) and tvb(8, 4):uint() ~= 0
      and tvb(16, 4):uint() ~= 0 and FRAMES[kind].length + tvb(56, 2):le_uint() <= finish
  end
  if not plausible then return false end
  pinfo.conversation = ff -- later datagrams may be of a version or with elements that cannot be guessed
  dissect(tvb, pinfo, root)
  return true
end

local udp = DissectorTable.get("udp.port")
local registered

ff.prefs.ports = Pref.range("UDP ports", "54000", "Ports whose datagrams are always shown as FastForward", 65535)

function ff.prefs_changed()
  if registered then udp:remove(registered, ff) end
  registered = ff.prefs.ports
  udp:add(registered, ff)
end

registered = ff.prefs.ports
udp:add(registered, ff)
ff:register_heuristic("udp", guess)
