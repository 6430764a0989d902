"""Costs: each claim of the verdict can fail; tables have the paper's numbers beside ours."""
from papers import costs


def _rows():
    row = dict(parameters=24934209, parameters_mib=95.1, outputs_mib=166.7, processor="Abacus",
               cores=2, memory_gib=8, tensorflow="2", model="msi_net")
    speeds = {(240, 320): 3.0, (216, 384): 2.9, (360, 360): 1.7}
    rows = [{**row, "height": h, "width": w, "multiply_adds": flops * 1e9 * 1.02,
             "images_per_second": speeds[h, w]} for (h, w), (_, _, flops) in costs.MSI_NET.items()]
    for name, (outputs, parameters) in costs.SALNET.items():
        rows.append({**rows[0], "model": name, "outputs_mib": outputs * 1.05,
                     "parameters_mib": parameters})
    return rows


def test_the_verdict_holds_for_the_papers_numbers():
    holds, text = costs.verdict(_rows())
    assert holds is True and "not so" not in text and "44.9 10^9 and 3.00 images/s" in text


def test_each_claim_can_fail():
    for index, changed, named in (
            (0, {"parameters": 24934210}, "24,934,209"), (1, {"multiply_adds": 96e9}, "operations"),
            (2, {"images_per_second": 3.5}, "slowest"), (4, {"outputs_mib": 150}, "SalNet")):
        rows = _rows()
        rows[index].update(changed)
        holds, text = costs.verdict(rows)
        assert holds is False and named in text.partition("not so")[2]
    assert costs.verdict(_rows()[:2]).holds is False


def test_tables_set_ours_beside_the_papers():
    sizes, networks, salnet, machine = costs.tables(_rows())
    assert sizes.rows[2] == ["360x360", "MIT1003, DUT-OMRON, PASCAL-S", "1.70", "262", "76.5",
                             43, 194, 75]
    assert networks.rows[0][2:4] == ["24,934,209", "24,934,209"] and networks.rows[3][3] == ""
    assert salnet.rows[1][1:5] == ["129.83", 123.65, "98.44", 98.44]
    assert machine.rows[0][1] == "Abacus, 2 cores"
