//! Tables as text: what a column's heading says of the cells below it.

mod common;

use common::{check_all, check_clean, check_cuts, scanner};

#[test]
fn a_column_whose_heading_names_an_identifier_is_masked_whatever_separates_the_cells() {
    check_all(&[
        "name,room,chart #\n«name Rose Hill»,12,«medical_record 55-1»\n«name Mark Day»,7,«medical_record 56»",
        "Pt;Drug;City\n«name Will Long»;Keflex;«geography Mobile»",
        "First\tLast\tMember ID\n«name Hope»\t«name Church»\t«health_plan 17-B»\n",
        "| Patient | K | Acct No |\n|---|---|---|\n| «unique_code Art Young» | 4.1 | «account 77» |\n",
        " last  | dob        | sex \n-------+------------+-----\n «name Case»  | «date 1950-03-17» | F\n(1 row)",
        "Name         Rm    Phone\n---------    ---   --------\n«name April Snow»   12    «telephone 5551234»\n",
        "\"Name\",\"DOB\",\"Zip\"\n\"«name Short, Grace»\",\"«date 3/9/50»\",\"«geography 02139»\"\n",
    ]);
}

#[test]
fn a_cell_goes_by_its_column_also_where_others_are_empty_or_hold_the_mark() {
    check_all(&[
        // Under `Phone` stands nothing.
        "Name         Phone       City\n«name Rose Hill»                «geography Mobile»\n",
        "mrn,street,name,note\n«medical_record 7»,«geography 1 Elm»«geography , »«name Apt 4»,«name Mark Day»,ok\n",
        "mrn,name\r\n«medical_record 71»,«name Mark Day»\r\n«medical_record 72»,«name Will Long»\r\n",
        "name,note,mrn\n«name Mark Day»,\"line one\nline two\",«medical_record 71»\n«name Will Long»,x,«medical_record 72»",
        "name,mrn\n«name Mark Day»,«medical_record 71»\n\n«name Will Long»,«medical_record 72»\n",
        "Census as of today\n\nname,mrn\n«name Mark Day»,«medical_record 71»\n\nRose Garden, open daily",
    ]);
}

#[test]
fn a_table_of_things_a_sentence_and_a_program_are_left_alone() {
    check_clean(&[
        "name,dose,route\nLasix,40 mg,PO\nHeparin,5000 units,SC",
        "| Test | Result | Unit |\n|---|---|---|\n| Glucose | 98 | mg/dL |\n",
        "Please bring your insurance card, address, phone\nand the list of drugs, if any, today",
        "let name = first, last;\nlet other = one, two;",
        "city,\n",
    ]);
}

/// Once each, else a long text of such lines would keep its scanner for minutes.
#[test]
fn lines_that_read_as_headers_within_a_table_are_rows_of_it() {
    check_all(&[
        "name,mrn\n«name name»,«medical_record mrn»\n«name Mark Day»,«medical_record 71»\n",
    ]);
    let masked = common::masked(&"name,mrn\n".repeat(20_000));
    assert!(masked.starts_with("name,mrn\n****,***\n") && masked.ends_with("\n****,***\n"));
}

#[test]
fn a_table_is_read_alike_in_any_pieces_and_to_its_end() {
    let row = "\"Hill, Rose\",12,Keflex 500 mg,Mobile,A-7\n";
    let text = format!("name,room,drug,city,chart #\n{}", row.repeat(90));
    let long = format!(
        "name,note,city\n{}",
        format!("Rose Hill,{},Mobile\n", "word ".repeat(400)).repeat(3)
    );
    let quoted = format!(
        "name,note,city\n{}",
        format!("Rose Hill,\"{}\",Mobile\n", "a word, or \"\"two\"\"\n".repeat(120)).repeat(3)
    );
    for text in [text, long, quoted] {
        for cut in (0..text.len()).step_by(37) {
            check_cuts(&mut scanner(), &text, &[cut]);
        }
        let masked = common::masked(&text);
        assert!(!masked.contains("Hill") && !masked.contains("Mobile"), "{masked}");
    }
}
