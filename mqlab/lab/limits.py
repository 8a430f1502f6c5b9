"""The bounds of what the pages give and take, units last; docs/limits.md lists them."""

PACKED_BYTES_MAX = 32 * 1024  # of a link that holds everything, as it stands in the address
PACKED_DECODED_BYTES_MAX = 256 * 1024
PACKED_STEPS_MAX = 4_000  # of simulation to check its acts, of up to 50 actions each
DOWNLOADS_AT_ONCE_MAX = 4  # a process
DOWNLOAD_S_DEFAULT = 60
DEFINITIONS_BYTES_MAX = 512 * 1024  # of a definitions file that is imported
