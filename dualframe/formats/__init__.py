"""Files and objects of other tools, each behind an optional extra of dualframe.

SONATA: `write_sonata`, `read_sonata_spikes`. Text: `read_csv_spikes`.
"""

from dualframe.formats.sonata_export import write_sonata
from dualframe.formats.spike_files import read_csv_spikes, read_sonata_spikes

__all__ = ["read_csv_spikes", "read_sonata_spikes", "write_sonata"]
