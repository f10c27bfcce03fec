//! The last known answer in its file: what is written comes back, and nothing else ever does; whatever is done to the
//! file, to the process that writes it, and to the disk that it is on.

mod child;
mod content;
mod crash;
mod damage;
mod disk;
#[path = "../support/mod.rs"]
mod support;

use libtest_mimic::{Arguments, Completion, Failed, Trial};
use support::Outcome;

const ALWAYS: [(&str, fn()); 23] = [
    ("content::every_field_comes_back_absent_and_present", content::every_field_comes_back),
    ("content::every_reason_comes_back", content::every_reason_comes_back),
    ("content::random_content_comes_back", content::random_content_comes_back),
    ("content::the_file_is_what_the_documentation_says", content::the_file_is_as_documented),
    ("content::without_a_file_there_is_no_answer", content::without_a_file_there_is_no_answer),
    ("content::the_file_of_another_is_refused_and_says_whose_it_is", content::the_file_of_another_is_refused),
    ("content::only_the_owner_may_read_it", content::only_the_owner_may_read_it),
    ("content::what_could_not_be_read_again_is_not_written", content::too_much_is_not_written),
    ("content::a_path_without_a_folder_is_in_the_current_one", content::a_path_without_a_folder),
    ("content::what_is_no_file_is_neither_read_nor_replaced", content::what_is_no_file_is_left_alone),
    ("content::what_is_in_the_way_of_the_unfinished_file_is_left_alone", content::what_is_in_the_way_is_left_alone),
    ("damage::every_flipped_bit_is_found", damage::every_flipped_bit_is_found),
    ("damage::a_file_that_is_cut_anywhere_is_refused", damage::a_cut_file_is_refused),
    ("damage::a_file_with_something_behind_it_is_refused", damage::a_longer_file_is_refused),
    ("damage::a_file_of_64_kib_is_read_and_a_larger_one_is_not", damage::a_large_file_is_not_read),
    ("damage::no_bytes_panic", damage::no_bytes_panic),
    ("damage::an_unknown_form_is_refused_with_a_right_digest", damage::an_unknown_form_is_refused),
    ("damage::another_key_is_refused", damage::another_key_is_refused),
    ("damage::with_a_key_a_digest_without_one_is_refused", damage::a_digest_without_the_key_is_refused),
    ("damage::an_unfinished_file_does_not_disturb_wherever_it_ends", damage::an_unfinished_file_does_not_disturb),
    ("crash::killed_at_any_moment_the_file_is_the_old_or_the_new", crash::killed_at_any_moment),
    ("crash::two_processes_that_write_do_not_mix", crash::two_processes_do_not_mix),
    ("disk::a_file_that_would_grow_too_large_leaves_the_old_one", disk::a_limit_leaves_the_old_one),
];

type WithTools = fn() -> Outcome;

const WITH_TOOLS: [(&str, WithTools); 7] = [
    ("crash::killed_before_every_system_call_the_file_is_the_old_or_the_new", crash::killed_before_every_system_call),
    ("disk::after_an_error_of_any_system_call_the_file_is_the_old_or_the_new", disk::an_error_of_any_system_call),
    ("disk::it_is_on_the_disk_before_it_takes_the_name_and_the_name_after", disk::it_is_on_the_disk_before_its_name),
    ("crash::what_another_has_finished_is_not_emptied", crash::what_another_has_finished_is_not_emptied),
    ("disk::it_is_opened_for_nobody_else", disk::it_is_opened_for_nobody_else),
    ("disk::on_a_full_disk_the_old_one_stays", disk::on_a_full_disk_the_old_one_stays),
    ("disk::on_a_disk_that_cannot_be_written_the_old_one_stays", disk::on_a_read_only_disk_the_old_one_stays),
];

fn main() {
    if child::is_one() {
        return child::run();
    }
    let always = ALWAYS.into_iter().map(|(name, test)| {
        Trial::test(name, move || {
            test();
            Ok::<(), Failed>(())
        })
    });
    let with_tools = WITH_TOOLS
        .into_iter()
        .map(|(name, test)| Trial::ignorable_test(name, move || -> Result<Completion, Failed> { test() }));
    libtest_mimic::run(&Arguments::from_args(), always.chain(with_tools).collect()).exit();
}
