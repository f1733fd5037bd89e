"""Tables whose columns a person names: the header is found, whatever stands above it."""

from tabular.sheets import read_table


def test_the_header_of_a_return_is_found_under_a_title():
    content = "État des titres;;\n;;\nRéférence;Montant;État\nTP-1;12,50;encaissé\n".encode()
    table = read_table(content)
    assert table.headers == ("Référence", "Montant", "État")
    assert [(line.number, line.cells) for line in table.lines] == [
        (4, ("TP-1", "12,50", "encaissé"))
    ]


def test_commas_of_amounts_and_addresses_do_not_part_cells():
    content = b"Nom;Adresse\nAgde;1, rue A, bis, Agde\nSete;2,50\n"
    assert read_table(content).headers == ("Nom", "Adresse")
