-- Wireshark dissector of the key-box tunnel: ESP in UDP whose header names the packet's key in clear (docs/keybox.md).
--
--   wireshark -X lua_script:photonbox.lua        or copy it into the folder of personal Lua plugins (Help, About, Folders)
--
-- What is encrypted stays so: this shows the header, lengths and the ICV, and what is wrong with them.

local HEADER, TRAILER, ICV = 16, 4, 16
local FLICKERS = 100000000

local photonbox = Proto("photonbox", "Photonbox key-box tunnel (ESP)")

local directions = { [0] = "side with direction bit 0", [1] = "side with direction bit 1" }
local f = {
	spi = ProtoField.uint32("photonbox.spi", "SPI", base.HEX),
	direction = ProtoField.uint32("photonbox.spi.direction", "Direction", base.DEC, directions, 0x80000000),
	counter = ProtoField.uint32("photonbox.spi.counter", "Counter", base.DEC, nil, 0x7fffffff),
	seq = ProtoField.uint32("photonbox.seq", "Sequence number", base.DEC),
	i = ProtoField.uint16("photonbox.i", "Box (i)", base.DEC),
	j = ProtoField.uint16("photonbox.j", "Key in the box (j)", base.DEC),
	flicker = ProtoField.uint32("photonbox.flicker", "Flicker", base.DEC),
	encrypted = ProtoField.bytes("photonbox.encrypted", "Encrypted: inner packet, padding, next header"),
	encrypted_len = ProtoField.uint32("photonbox.encrypted.len", "Encrypted length", base.DEC),
	icv = ProtoField.bytes("photonbox.icv", "Integrity check value"),
}
photonbox.fields = f

local e = {
	short = ProtoExpert.new("photonbox.short", "Shorter than any packet of the tunnel",
		expert.group.MALFORMED, expert.severity.ERROR),
	alignment = ProtoExpert.new("photonbox.alignment", "Not a multiple of four bytes",
		expert.group.MALFORMED, expert.severity.ERROR),
	pointers = ProtoExpert.new("photonbox.pointers", "Boxes and keys count from 1",
		expert.group.PROTOCOL, expert.severity.ERROR),
	flicker = ProtoExpert.new("photonbox.flicker_range", "A flicker is at most 99,999,999",
		expert.group.PROTOCOL, expert.severity.ERROR),
}
photonbox.experts = e

photonbox.prefs.port = Pref.uint("UDP port", 4510, "Port that the tunnel listens on")

function photonbox.dissector(buffer, pinfo, tree)
	local length = buffer:len()
	pinfo.cols.protocol = "Photonbox"
	local root = tree:add(photonbox, buffer())
	if length < HEADER + TRAILER + ICV then
		pinfo.cols.info = string.format("Too short: %d bytes", length)
		root:add_proto_expert_info(e.short)
		return length
	end
	local spi = root:add(f.spi, buffer(0, 4))
	spi:add(f.direction, buffer(0, 4))
	spi:add(f.counter, buffer(0, 4))
	root:add(f.seq, buffer(4, 4))
	local i = root:add(f.i, buffer(8, 2))
	local j = root:add(f.j, buffer(10, 2))
	if buffer(8, 2):uint() == 0 then i:add_proto_expert_info(e.pointers) end
	if buffer(10, 2):uint() == 0 then j:add_proto_expert_info(e.pointers) end
	local flicker = root:add(f.flicker, buffer(12, 4))
	if buffer(12, 4):uint() >= FLICKERS then flicker:add_proto_expert_info(e.flicker) end
	local encrypted = length - HEADER - ICV
	root:add(f.encrypted, buffer(HEADER, encrypted))
	root:add(f.encrypted_len, buffer(HEADER, encrypted), encrypted):set_generated()
	root:add(f.icv, buffer(length - ICV, ICV))
	if length % 4 ~= 0 then root:add_proto_expert_info(e.alignment) end
	pinfo.cols.info = string.format("SPI 0x%08x seq %u box %u key %u flicker %u, %u bytes",
		buffer(0, 4):uint(), buffer(4, 4):uint(), buffer(8, 2):uint(), buffer(10, 2):uint(),
		buffer(12, 4):uint(), encrypted)
	return length
end

local ports = DissectorTable.get("udp.port")
local registered = photonbox.prefs.port
ports:add(registered, photonbox)

function photonbox.prefs_changed()
	if registered == photonbox.prefs.port then return end
	if registered ~= 0 then ports:remove(registered, photonbox) end
	registered = photonbox.prefs.port
	if registered ~= 0 then ports:add(registered, photonbox) end
end
