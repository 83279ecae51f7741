"""Files and objects of other tools; what needs an extra of dualframe says which if it is missing.

SONATA: `write_sonata`, `load_sonata`, `read_sonata_spikes`, `write_sonata_report`,
`read_sonata_report`. Text: `read_csv_spikes`, `read_csv_rates`, `read_csv_current`. Neo (extra
``neo``): `to_neo`, `from_neo`, `spikes_from_neo`. xarray (``xarray``): `to_xarray`. NWB (``nwb``):
`write_nwb`, `read_nwb_spikes`, `read_nwb_series`. NIR (``nir``): `to_nir`.
"""

from dualframe.formats.neo_objects import from_neo, spikes_from_neo, to_neo
from dualframe.formats.nir_graphs import to_nir
from dualframe.formats.nwb_files import read_nwb_series, read_nwb_spikes, write_nwb
from dualframe.formats.sonata_export import write_sonata
from dualframe.formats.sonata_import import load_sonata
from dualframe.formats.sonata_reports import read_sonata_report, write_sonata_report
from dualframe.formats.spike_files import read_csv_spikes, read_sonata_spikes
from dualframe.formats.waveform_files import read_csv_current, read_csv_rates
from dualframe.formats.xarray_views import to_xarray

__all__ = [
    "from_neo",
    "load_sonata",
    "read_csv_current",
    "read_csv_rates",
    "read_csv_spikes",
    "read_nwb_series",
    "read_nwb_spikes",
    "read_sonata_report",
    "read_sonata_spikes",
    "spikes_from_neo",
    "to_neo",
    "to_nir",
    "to_xarray",
    "write_nwb",
    "write_sonata",
    "write_sonata_report",
]
