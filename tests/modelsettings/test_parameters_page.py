from tests.modelsettings.parameters_page import PAGE, write_page


def test_page_is_up_to_date() -> None:
    assert PAGE.read_text() == write_page()
